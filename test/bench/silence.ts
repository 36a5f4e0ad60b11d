// How long a link that fell silent goes unnoticed: the broker takes everything and answers nothing any more, in virtual
// time. Same calls, same figures. Knows nothing of limits.
import { Lab } from "../client/lab"
import { build, PAYLOAD, TOPIC, type Client } from "./build"

/** ms, what both clients ask for when the program does not say. */
export const KEEP_ALIVE = 60_000

/** ms of virtual time in which the broker answers, long enough for the first pings of either client. */
const ANSWERING = 100_000

/** ms of virtual time after which a silent link counts as never noticed: ten times what the keep alive promises. */
export const NEVER = 10 * KEEP_ALIVE

/** ms between two looks; the VM looks at its timers as often. */
const STEP = 10

/**
 * ms from the last byte that the broker sent to what the program is told of it; undefined when that is nothing within
 * `NEVER`.
 */
export async function silence(client: Client): Promise<number | undefined> {
    // it publishes all the time: a link that is busy one way is the harder one to know to be dead
    const image = build(
        client,
        `mqtt.onerror.subscribe(async () => console.log("noticed"))
mqtt.onclose.subscribe(async () => console.log("noticed"))
while (true) {
    await mqtt.publish("${TOPIC}", "${PAYLOAD}")
    await sleep(1000)
}`
    )
    let silent = false
    let lastByte = 0
    const lab = await Lab.run(image, {
        script: {
            packet: (_, { cmd }) => {
                if (cmd === "pingreq" && !silent) lastByte = lab.now
                return silent
            },
        },
    })
    const noticed = () => lab.lines.includes("noticed")
    try {
        await lab.clock.advance(ANSWERING)
        if (lastByte === 0 || noticed())
            throw new Error(`no link to go silent\n${lab.lines.join("\n")}`)
        silent = true
        const end = lastByte + NEVER
        while (!noticed() && lab.now < end) await lab.clock.advance(STEP)
        return noticed() ? lab.now - lastByte : undefined
    } finally {
        lab.stop()
    }
}
