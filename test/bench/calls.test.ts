// Counting calls: every call of a function, of a constructor and of a function without a block counts once, and nothing
// else changes.
import { describe, expect, test } from "vitest"
import { Lab } from "../client/lab"
import { build, TOPIC } from "./build"
import { functionsOf } from "./bytecode"
import { callsTold, instrumented } from "./calls"

const PUBLISHES = 7

describe("counters in all functions", () => {
    test("count each call, and the program does what it did", async () => {
        const { files, functions, text } = instrumented()
        const program = (counting: boolean) =>
            build(
                "ours",
                `${counting ? "await resetCalls()" : ""}
for (let i = 0; i < ${PUBLISHES}; i++) await mqtt.publish("${TOPIC}", "x", 1)
${counting ? "await tellCalls()" : ""}`,
                counting ? { files, before: text } : {}
            )
        const lab = await Lab.run(program(true))
        try {
            await lab.line("calls told", 20_000)
        } finally {
            lab.stop()
        }
        expect(lab.last.of("publish")).toHaveLength(PUBLISHES)
        const calls = callsTold(lab.lines)
        // a method, a constructor, a function of a file of its own, and a closure
        const places = new Map(
            functionsOf(program(false)).map(({ name, at }) => [
                `${name} ${at.replace(/:.*/, "")}`,
                at,
            ])
        )
        for (const name of [
            "publish src/mqtt/client.ts",
            "Message src/mqtt/session.ts",
            "encodePublish src/mqtt/encode.ts",
        ]) {
            const at = places.get(name)
            expect([name, calls.get(functions.indexOf(at!))]).toEqual([
                name,
                PUBLISHES,
            ])
        }
    })
})
