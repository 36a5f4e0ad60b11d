// The embedded broker of a fleet, in a process of its own.
import { EmbeddedBroker } from "../broker/embedded"
import { serve } from "./child"

let broker: EmbeddedBroker | undefined

serve(
    {
        start: async ({
            port,
            connections,
        }: {
            port: number
            connections: number
        }) => {
            broker = await EmbeddedBroker.start({ port, connections })
            return broker.port
        },
        usage: () => process.cpuUsage(),
    },
    async () => broker?.stop()
)
