// Faults of what is between a node and its broker, and of the node's sensors. Nothing here measures.
import { FRAIL_ROLE } from "./boards"
import {
    GOES_ON,
    GONE,
    LATE,
    NEXT,
    RECONNECT,
    RETRY,
    SEEN,
    SILENT,
    type FaultRow,
} from "./row"

export const LINK_FAULTS: readonly FaultRow[] = [
    {
        name: "FIN",
        noticed: SEEN,
        ...RECONNECT,
        inject: ({ node }) => node.link.close(),
    },
    {
        name: "RST",
        noticed: SEEN,
        ...RECONNECT,
        inject: ({ node }) => node.link.reset(),
    },
    ...(["both", "up", "down"] as const).map((way): FaultRow => {
        const ways = { both: "both ways", up: "from the node", down: "to it" }
        return {
            name: `silent link, ${ways[way]}`,
            lasts: 30_000,
            noticed: SILENT,
            ...LATE,
            inject: ({ node }) => {
                node.link.silence(way)
                return () => node.link.restore(way)
            },
        }
    }),
    {
        name: "connection forgotten on the way",
        noticed: SILENT,
        again: SILENT + RETRY + NEXT,
        status: RETRY,
        inject: ({ node }) => node.link.lose(),
    },
    {
        name: "stall of 20 s",
        lasts: 20_000,
        noticed: SILENT,
        ...LATE,
        inject: ({ node }) => {
            node.link.silence()
            return () => node.link.restore()
        },
    },
    {
        // 125 bytes a second, of which readings and their acknowledgements take 75
        name: "slow drip, a byte every 8 ms",
        lasts: 30_000,
        ...GOES_ON,
        inject: ({ node }) => {
            node.link.drip(8)
            return () => node.link.restore()
        },
    },
    {
        name: "corrupted bytes from the node",
        noticed: NEXT,
        again: NEXT + RETRY + NEXT,
        status: RETRY,
        inject: ({ node }) => node.link.corrupt("up"),
    },
    {
        name: "corrupted bytes to it",
        noticed: NEXT,
        again: NEXT + RETRY + NEXT,
        status: RETRY,
        inject: ({ node }) => node.link.corrupt("down"),
    },
]

export const SENSOR_FAULTS: readonly FaultRow[] = [
    {
        name: "one sensor gone for 20 s",
        lasts: 20_000,
        ...GONE,
        frail: true,
        inject: ({ node }) => {
            const sensor = node.sensors.sensor(FRAIL_ROLE)
            sensor.silence()
            return () => sensor.resume()
        },
    },
    {
        name: "all sensors gone for 20 s",
        lasts: 20_000,
        ...GONE,
        frail: true,
        inject: ({ node }) => {
            node.sensors.silence()
            return () => node.sensors.resume()
        },
    },
]
