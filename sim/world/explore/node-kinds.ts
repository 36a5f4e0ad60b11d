// What happens to a node itself: its power, its sensors, its clock.
import type { SimulatedSensor } from "../../sensors"
import { FRAIL_ROLE, MOOD_ROLE, MOODS } from "./board"
import { oneOf, whole, type Kind, type Scene } from "./kind"

/** A sensor that the program has asked for by now. */
function sensor({ node }: Scene, role: string): SimulatedSensor | undefined {
    return node.sensors.roles.includes(role)
        ? node.sensors.sensor(role)
        : undefined
}

export const NODE_KINDS: readonly Kind[] = [
    {
        name: "power-cut",
        lasts: [100, 60_000],
        args: { reset: oneOf("no", "yes") },
        weight: 2,
        inject: ({ node }, args) => {
            if (!node.powered) return
            node.powerCut({ reset: args.word("reset") === "yes" })
            return async () => {
                if (!node.powered) await node.powerOn()
            }
        },
    },
    {
        name: "sensor-gone",
        lasts: [1_000, 40_000],
        inject: scene => {
            const frail = sensor(scene, FRAIL_ROLE)
            frail?.silence()
            return () => frail?.resume()
        },
    },
    {
        name: "bus-gone",
        lasts: [1_000, 40_000],
        inject: ({ node }) => {
            const { sensors } = node
            sensors.silence()
            return () => sensors.resume()
        },
    },
    {
        name: "sensor-ill",
        lasts: [2_000, 40_000],
        args: { mood: oneOf("throws", "nan", "hangs") },
        inject: (scene, args) => {
            const mood = sensor(scene, MOOD_ROLE)
            mood?.set(MOODS[args.word("mood") as keyof typeof MOODS])
            return () => sensor(scene, MOOD_ROLE)?.set(MOODS.well)
        },
    },
    {
        name: "clock-step",
        args: { ms: whole(-3_600_000, 1_800_000) },
        inject: ({ node }, args) => node.stepClock(args.number("ms")),
    },
]
