// What one TCP reset costs a program that publishes with QoS 1 ten times a second: virtual time, and a broker that is
// there again at once. Same calls, same figures. Knows nothing of limits.
import type { Packet } from "mqtt-packet"
import type { CompiledProgram } from "../../sim/vm"
import { Lab, type Link } from "../client/lab"
import { build, TOPIC, type Client } from "./build"

/** Messages of the comparison's table. */
export const MESSAGES = 1_200

/** ms between two of them. */
const INTERVAL = 100

/** The message that the reset takes with it. */
const HIT = MESSAGES / 2

/** ms of virtual time within which the program has published all: half as long again as it needs. */
const PUBLISHING = 1.5 * MESSAGES * INTERVAL

/** ms of virtual time after the last publish, for what is still queued. */
const AFTERWARDS = 10_000

/**
 * A digit for each chip that a client is measured on, of its identifier. The wait before a new connection of this client is drawn by that,
 * and the worst counts. The platform's client waits for the next turn of its watchdog, which is the same on every chip.
 */
const CHIPS: Record<Client, string[]> = {
    ours: ["1", "2", "3", "4", "5"],
    stock: ["1"],
}

export interface Recovery {
    /** Messages that never came to the broker, however often the others did. */
    lost: number
    /** ms from the reset to the first PUBLISH after it; Infinity when none came. */
    gap: number
}

/** The worst of all chips. Throws when the program ends by an exception. */
export async function recovery(client: Client): Promise<Recovery> {
    const image = program(client)
    const worst: Recovery = { lost: 0, gap: 0 }
    for (const digit of CHIPS[client]) {
        const { lost, gap } = await oneReset(image, digit.repeat(16))
        worst.lost = Math.max(worst.lost, lost)
        worst.gap = Math.max(worst.gap, gap)
    }
    return worst
}

/** Each publish in a fiber of its own, so that one that waits for its PUBACK holds up none of the others. */
const program = (client: Client) =>
    build(
        client,
        `async function send(n: number) {
    try {
        await mqtt.publish("${TOPIC}", "" + n, 1)
    } catch (e) {
        // the platform's client throws when the link breaks under a publish, which would end the program
    }
}
for (let n = 1; n <= ${MESSAGES}; n++) {
    send.start(n)
    await sleep(${INTERVAL})
}
console.log("all published")`
    )

async function oneReset(
    image: CompiledProgram,
    deviceId: string
): Promise<Recovery> {
    const came = new Set<number>()
    let resetAt: number | undefined
    let gap: number | undefined
    const packet = (link: Link, { cmd, ...fields }: Packet): boolean => {
        if (cmd !== "publish" || !("payload" in fields)) return false
        const n = Number(fields.payload)
        if (n === HIT && resetAt === undefined) {
            resetAt = lab.now
            link.cut()
            return true
        }
        if (resetAt !== undefined) gap ??= lab.now - resetAt
        came.add(n)
        return false
    }
    const lab = await Lab.run(image, { script: { packet }, deviceId })
    try {
        await lab.line("all published", PUBLISHING)
        await lab.clock.advance(AFTERWARDS)
    } finally {
        lab.stop()
    }
    const panic = lab.lines.find(line => line.startsWith("! panic"))
    if (panic !== undefined) throw new Error(`the program ended${panic}`)
    return { lost: MESSAGES - came.size, gap: gap ?? Infinity }
}
