// Inputs that broke something once, kept for good. What is in the pure parsers' tests already is not repeated here.
import type { Settings } from "./settings"

interface Crash {
    what: string
    /** @param configuration the number of the board, see settings.ts */
    settings: (configuration: number) => Settings
    /** Whether the node has to run all the same: the setting is its own. */
    own: boolean
    /** What it says it refuses; undefined when it runs. */
    refused?: RegExp
}

/** The record of a run that ended in good order and kept two settings of readings. */
const boots = (g: number) => ({
    n: 3,
    c: 0,
    why: "command",
    at: 5,
    k: 2,
    g,
    t: 3,
    f: "",
})

export const CRASHES: Crash[] = [
    {
        what: "kept readings that are null: it refused to start",
        settings: g => ({ BOOTS: boots(g), KEPT_0: null }),
        own: true,
    },
    {
        what: "kept readings that are a text: the chip broke",
        settings: g => ({ BOOTS: boots(g), KEPT_0: "restart" }),
        own: true,
    },
    {
        what: "kept readings of a sensor that is none: the program ended",
        settings: g => ({
            BOOTS: boots(g),
            KEPT_0: [{}, 21.7, 3_456_789, 7, 2, 3_457_000, 0.5, 2, 1],
        }),
        own: true,
    },
    {
        what: "a user name of digits without quotes: the refusal did not say so",
        settings: () => ({ MQTT_USER: 1234 }),
        own: false,
        refused: /^MQTT_USER: is no text; digits need quotes$/,
    },
    {
        what: "a password of digits without quotes: the refusal did not say so",
        settings: () => ({ MQTT_USER: "u", MQTT_PASS: 12345678 }),
        own: false,
        refused: /^MQTT_PASS: is no text; digits need quotes$/,
    },
    {
        what: "a host that is no text: it tried to connect to it for ever",
        settings: () => ({ MQTT_HOST: 5 }),
        own: false,
        refused: /^MQTT_HOST: is no text; digits need quotes$/,
    },
]
