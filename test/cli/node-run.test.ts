// What the end of a node means for the exit code. The VM is a stand-in that says what it is told to.
import { EventEmitter } from "node:events"
import { describe, expect, test } from "vitest"
import { NodeRun } from "../../sim/cli/node-run"
import { initialState, reduce } from "../../sim/cli/node-state"
import type { RunEvent } from "../../sim/cli/report"

class StandIn extends EventEmitter {
    cuts = 0
    powerCut() {
        this.cuts++
        this.emit("end", "power cut")
    }
    say(...lines: string[]) {
        for (const line of lines) this.emit("line", line)
    }
}

function startRun(
    options: {
        stopSwitch?: boolean
        stopMs?: number
        pressMs?: number
        onPress?: (times: number) => void
    } = {}
) {
    const vm = new StandIn()
    const events: RunEvent[] = []
    let state = initialState(0)
    let pressed = 0
    const press = () => {
        pressed++
        options.onPress?.(pressed)
        return options.stopSwitch !== false
    }
    const run = new NodeRun({
        vm,
        report: event => {
            events.push(event)
            state = reduce(state, { at: 0, ...event })
        },
        state: () => state,
        pressStop: press,
        stopMs: options.stopMs,
        pressMs: options.pressMs,
    })
    return { vm, run, events, pressed: () => pressed }
}

const SESSION = [
    "node: boot sensors=TC",
    "node: connected present=0 ms=1",
    "node: status value=up",
    "node: acked topic=t value=1",
]

describe("a node that was asked to stop", () => {
    test("ends with 0 when the broker has acknowledged down, and the switch was moved once", async () => {
        const { vm, run, events, pressed } = startRun()
        vm.say(...SESSION)
        run.stop("SIGINT", false)
        run.stop("SIGTERM", false)
        vm.say("node: stopping", "node: status value=down", "node: stopped")
        expect(await run.ended).toEqual({
            code: 0,
            text: "stopped cleanly, 1 reading acknowledged",
        })
        expect(pressed()).toBe(1)
        expect(vm.cuts).toBe(0)
        expect(events.map(event => event.event)).toEqual([
            "boot", "connected", "status", "acked", "stop", "stopping", "status", "stopped",
        ]) // prettier-ignore
    })
    test("has its switch moved again until it answers, and again when it has started anew", async () => {
        const pressedAt: string[] = []
        let said = "nothing"
        const { vm, run } = startRun({
            pressMs: 5,
            onPress: times => {
                pressedAt.push(said)
                if (times === 3) vm.say("node: " + (said = "stopping"))
                if (times === 4)
                    vm.say("node: " + (said = "stopping"), "node: stopped")
            },
        })
        run.stop("SIGINT", false)
        setTimeout(() => vm.say("node: " + (said = "boot")), 50)
        await run.ended
        expect(pressedAt).toEqual(["nothing", "nothing", "nothing", "boot"])
    })
    test("ends with 1 when it had a session and down was not acknowledged", async () => {
        const { vm, run } = startRun()
        vm.say(...SESSION)
        run.stop("SIGINT", false)
        vm.say("node: stopped")
        expect(await run.ended).toMatchObject({
            code: 1,
            text: expect.stringContaining("has not acknowledged down"),
        })
    })
    test("ends with 0 when it never had a session and a person stopped it", async () => {
        const { vm, run } = startRun()
        run.stop("SIGINT", false)
        vm.say("node: stopped")
        expect(await run.ended).toEqual({
            code: 0,
            text: "stopped before the node had a session",
        })
    })
    test("ends with 1 when it never had a session and its time is over", async () => {
        const { vm, run } = startRun()
        run.stop("5 s are over", true)
        vm.say("node: stopped")
        expect(await run.ended).toMatchObject({
            code: 1,
            text: expect.stringContaining("never had a session"),
        })
    })
    test("is cut and ends with 1 when it does not answer in time", async () => {
        const { vm, run } = startRun({ stopMs: 20 })
        vm.say(...SESSION)
        run.stop("SIGINT", false)
        expect(await run.ended).toMatchObject({ code: 1 })
        expect(vm.cuts).toBe(1)
    })
    test("is cut at once and ends with 130 when it is asked to be cut", async () => {
        const { vm, run } = startRun()
        run.stop("SIGINT", false)
        run.cut()
        expect(await run.ended).toMatchObject({ code: 130 })
        expect(vm.cuts).toBe(1)
    })
    test("without a stop switch has its power cut, which is no error: the line says what the broker does and how to have a clean stop", async () => {
        const { vm, run } = startRun({ stopSwitch: false, pressMs: 2 })
        vm.say(...SESSION)
        run.stop("12 s are over", true)
        expect(await run.ended).toEqual({
            code: 0,
            text: "this board has no switch named stop, so its power was cut; the broker publishes its will, down; for a clean stop give its file such a switch, as in boards/simulator.ts",
        })
        expect(vm.cuts).toBe(1)
    })
    test("without a stop switch ends with 1 when it never had a session and its time is over", async () => {
        const { vm, run } = startRun({ stopSwitch: false, pressMs: 2 })
        run.stop("12 s are over", true)
        expect(await run.ended).toEqual({
            code: 1,
            text: "this board has no switch named stop, so its power was cut, and the node never had a session with the broker",
        })
        expect(vm.cuts).toBe(1)
    })
    test.each([
        ["never came about", []],
        ["was lost", [...SESSION, "node: lost ms=1 text=reset"]],
        ["ended with the program", [...SESSION, "node: boot sensors=TC"]],
    ])("whose session %s is cut without a word of a will", async (_, lines) => {
        const { vm, run } = startRun()
        vm.say(...lines)
        run.cut()
        expect(await run.ended).toEqual({
            code: 130,
            text: "the node was cut",
        })
    })
})

test("a node that refuses its configuration ends with 2 and its reason, without the trace of the exception", async () => {
    const { vm, run, events } = startRun()
    vm.say("node: refused text=device is empty")
    vm.emit("trouble", "Unhandled exception")
    vm.emit("panic", 60005)
    expect(events).toEqual([{ event: "refused", text: "device is empty" }])
    expect(await run.ended).toEqual({
        code: 2,
        text: "the node does not start: device is empty",
    })
})

describe("a node that was not asked to stop", () => {
    test("ends with 1 when it stops nevertheless", async () => {
        const { vm, run } = startRun()
        vm.say(
            ...SESSION,
            "node: stopping",
            "node: status value=down",
            "node: stopped"
        )
        expect(await run.ended).toMatchObject({
            code: 1,
            text: expect.stringContaining("without being asked"),
        })
    })
    test("ends with 1 when its VM ends", async () => {
        const { vm, run } = startRun()
        vm.say(...SESSION)
        vm.emit("end", "trapped")
        expect(await run.ended).toEqual({
            code: 1,
            text: "the VM ended by itself (trapped); the broker publishes its will, down",
        })
    })
    test("goes on after a panic and a restart, which are reported with the console's other lines", async () => {
        const { vm, run, events } = startRun()
        vm.emit("panic", 60005)
        vm.emit("trouble", "Exception: no")
        vm.emit("remark", "careful")
        vm.emit("sleep", 1000)
        vm.emit("restart", "reset")
        vm.say("hello", "node: boot sensors=")
        expect(events).toEqual([
            { event: "panic", code: 60005 },
            { event: "trouble", text: "Exception: no" },
            { event: "console", text: "careful" },
            { event: "sleep", ms: 1000 },
            { event: "restart", reason: "the chip was reset and starts anew" },
            { event: "console", text: "hello" },
            { event: "boot", sensors: [] },
        ])
        expect(
            await Promise.race([run.ended, Promise.resolve("running")])
        ).toBe("running")
    })
})
