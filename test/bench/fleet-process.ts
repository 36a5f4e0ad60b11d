// A process of its own that holds a fleet of one kind, so that its memory is nobody else's: prints what each member costs
// as JSON and ends. `node --import tsx test/bench/fleet-process.ts ours|stock|js <members>`
import { connect } from "mqtt"
import { LOOPBACK } from "../support/free-port"
import { build, PAYLOAD, TOPIC, type Client } from "./build"
import { Sink } from "./sink"
import { runVm } from "./vm-run"

/** Members before those that are measured: they pay for what all share. */
const FIRST = 10

/** ms until all publish, and ms measured. */
const SETTLE = 3_000
const MEASURED = 8_000

/** MB and percent of a core, of one of the fleet. */
interface Share {
    megabytes: number
    percent: number
}

/** Starts one, and gives what ends it. */
type Member = (port: number, i: number) => Promise<() => void>

const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

async function share(member: Member, members: number): Promise<Share> {
    const sink = await Sink.start(() => {})
    const ends: (() => void)[] = []
    const grow = async (to: number) => {
        while (ends.length < to)
            ends.push(await member(sink.port, ends.length + 1))
        await sleep(SETTLE)
        return process.memoryUsage().rss
    }
    try {
        const before = await grow(FIRST)
        const after = await grow(FIRST + members)
        const from = process.cpuUsage()
        const begun = performance.now()
        await sleep(MEASURED)
        const { user, system } = process.cpuUsage(from)
        const ms = performance.now() - begun
        return {
            megabytes: (after - before) / members / 2 ** 20,
            percent: (user + system) / 10 / ms / ends.length,
        }
    } finally {
        for (const end of ends) end()
        sink.stop()
    }
}

function vmMember(client: Client): Member {
    const program = build(
        client,
        `setInterval(async () => { await mqtt.publish("${TOPIC}", "${PAYLOAD}") }, 1000)`
    )
    return async (port, i) => {
        const id = i.toString(16).padStart(16, "0")
        const vm = await runVm(program, port, undefined, {
            deviceId: id,
        })
        return () => vm.stop()
    }
}

const jsMember: Member = async (port, i) => {
    const client = connect({ host: LOOPBACK, port, clientId: `bench-${i}` })
    client.on("error", () => {})
    const timer = setInterval(() => client.publish(TOPIC, PAYLOAD), 1000)
    return () => {
        clearInterval(timer)
        client.end(true)
    }
}

const [, , kind, members] = process.argv
if (kind !== "ours" && kind !== "stock" && kind !== "js")
    throw new Error(`there is no fleet of ${kind}`)
const member = kind === "js" ? jsMember : vmMember(kind)
console.log(JSON.stringify(await share(member, Number(members))))
process.exit()
