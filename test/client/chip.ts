// The compiled client in a VM on the real clock and real sockets, for tests against real brokers. The programs of a file
// of tests are compiled as one. A test sees what a program prints, and steers it by messages as any publisher could.
// Knows nothing of brokers but their port.
import {
    nodeSockets,
    realClock,
    startVm,
    type NodeSocketsOptions,
    type Vm,
} from "../../sim/vm"
import { LOOPBACK } from "../support/free-port"
import { Watch } from "../support/wait"
import { Lab } from "../vm/lab"

/** ms within which a program on loopback has said what a test waits for; the VM looks at its sockets every 10 ms. */
export const SOON_MS = 10_000

/** A message as a program got it. */
export interface Got {
    topic: string
    /** Hexadecimal. */
    payload: string
    qos: number
    retain: number
    dup: boolean
    /** Which of the program's subscriptions got it, if it says so. */
    by: string
}

/**
 * A program around the client `mqtt`; `said(m)` in it tells a message to the test. It prints what happens to the connection.
 * @param options of the client, besides where the broker is
 * @param body statements
 */
export function client(options: string, body: string): string {
    return `
const mqtt = new MQTTClient({ host: "broker", port: 1883, proto: "tcp", ${options} })
mqtt.onerror.subscribe(async e => console.log("error " + e.message))
mqtt.observer = {
    connected: present => console.log("connected " + (present ? 1 : 0)),
    lost: e => console.log("lost " + e.message),
    retry: ms => console.log("retry " + ms),
    fault: e => console.log("fault " + e.message),
}
const said = (m: MQTTMessage, by: string = "") =>
    console.log("got " + m.topic + " [" + m.content.toString("hex") + "] " + m.qos + " " + m.retain + " " + (m.dup ? 1 : 0) + " " + by)
${body}
`
}

const GOT = /^got (\S+) \[([0-9a-f]*)\] (\d) (\d) (\d) (.*)$/

/** The programs of a file of tests, by name. */
export class Programs {
    private readonly lab: Lab
    private readonly chips: Chip[] = []

    constructor(programs: Record<string, string>) {
        this.lab = new Lab(
            programs,
            `import { Message, MQTTClient, MQTTMessage, Outcome, outcomeName } from "../../src/mqtt/index"\n`
        )
    }

    /** Gives a fresh chip power. Whatever the test does with it, `stop` ends it. */
    async start(
        name: string,
        { port }: { port: number },
        network: NodeSocketsOptions = {}
    ): Promise<Chip> {
        const vm = await startVm({
            program: this.lab.program,
            deviceId: this.lab.chip(name),
            clock: realClock,
            sockets: nodeSockets({
                hosts: { broker: { host: LOOPBACK, port } },
                ...network,
            }),
        })
        const chip = new Chip(vm)
        this.chips.push(chip)
        return chip
    }

    /** Takes the power from all chips that were started since the last call. */
    stop(): void {
        for (const chip of this.chips.splice(0)) chip.cut()
    }
}

/** A chip under way. */
export class Chip {
    /** Console lines, `! ` before those of errors and panics. */
    readonly lines: string[] = []
    private readonly watch = new Watch()

    constructor(readonly vm: Vm) {
        const add = (line: string) => {
            this.lines.push(line)
            this.watch.changed()
        }
        vm.on("line", add)
        vm.on("trouble", text => add(`! ${text}`))
        vm.on("panic", code => add(`! panic ${code}`))
    }

    /** The messages it got, oldest first; of one topic if given. */
    got(topic?: string): Got[] {
        return this.lines.flatMap(line => {
            const m = GOT.exec(line)
            if (!m || (topic !== undefined && m[1] !== topic)) return []
            const [, name, payload, qos, retain, dup, by] = m
            return [
                {
                    topic: name!,
                    payload: payload!,
                    qos: Number(qos),
                    retain: Number(retain),
                    dup: dup === "1",
                    by: by!,
                },
            ]
        })
    }

    /** The nth line that matches, counted from 1; it may have been printed already. */
    line(wanted: string | RegExp, n = 1, limitMs = SOON_MS): Promise<string> {
        const matches = (line: string) =>
            typeof wanted === "string" ? line === wanted : wanted.test(line)
        return this.until(
            () => this.lines.filter(matches)[n - 1],
            `${wanted}`,
            limitMs
        )
    }

    /** Waits until `find` gives something back, looking after each line. */
    until<T>(
        find: () => T | undefined,
        what: string,
        limitMs = SOON_MS
    ): Promise<T> {
        return this.watch.until(find, limitMs, what, () =>
            this.lines.slice(-20).join("\n")
        )
    }

    /** What should not have happened: exceptions, panics, the client's faults. */
    get trouble(): string[] {
        return this.lines.filter(line => /^(!|fault)/.test(line))
    }

    /** The power is gone. */
    cut(): void {
        this.vm.powerCut()
    }
}
