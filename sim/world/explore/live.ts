// Lives through one schedule of faults: a world with one node, the faults in their order, the wait until all is right again.
// Same script and program, same history, byte for byte.
import { createHash } from "node:crypto"
import type { CompiledProgram } from "../../vm"
import { seededNumbers } from "../../vm/random"
import { restartAt } from "../../../src/node/uptime"
import { GOOD } from "../behaviour"
import type { Port } from "../link"
import { World } from "../world"
import { countOf, COUNT_TOPIC, DEVICE } from "./board"
import type { Breach } from "./breach"
import { complete, type Scene } from "./kind"
import { kindOf } from "./kinds"
import { losses, obeys, RIGHT_WITHIN, STEADY, wrongs } from "./right"
import type { Script, Step, Value } from "./script"
import { Witness } from "./witness"

/** ms between two looks whether something has gone wrong or all is right. */
const LOOK = 500
/** ms of the chip's clock at which 32 bits of ms wrap. */
const WRAP = 2 ** 32
/** ms before a restart, or the wrap, at which the chip begins. */
const SHORTLY = 40_000

/** What became of one schedule. */
export interface Life {
    /** Rules that were broken, and what was not right in the end; empty when all is well. */
    breaches: Breach[]
    /** SHA-256 of the history, hexadecimal. */
    digest: string
    /** A line an event, when it was asked for. */
    history: string[]
    /** ms of virtual time. */
    lived: number
    checks: number
    /** ms from the last fault until all was right; undefined when it never was, or a rule was broken before. */
    right: number | undefined
    /** The last lines of the console. */
    console: string[]
}

/** Console lines that are kept of a life. */
const SHOWN = 25

interface Setup {
    luck: number
    port: Port
    retains: boolean
    age: number
    delay: number
}

/** @throws {Error} when the script names what does not exist */
export async function live(
    script: Script,
    program: CompiledProgram,
    { keeps = false } = {}
): Promise<Life> {
    const setup = read(script.setup)
    const happenings = script.steps.map(prepared)
    const world = new World({ retains: setup.retains }, setup.delay)
    try {
        const node = await world.node({
            program,
            deviceId: chip(setup.luck),
            port: setup.port,
            age: setup.age,
        })
        const scene: Scene = {
            world,
            broker: world.broker,
            node,
            random: seededNumbers(`luck ${setup.luck}`),
        }
        const arrived = new Set<number>()
        let seen = 0
        const catchUp = () => {
            const { history } = world.broker
            for (; seen < history.length; seen++)
                if (history[seen]!.topic === COUNT_TOPIC)
                    arrived.add(countOf(history[seen]!.payload))
        }
        const witness = new Witness(
            world,
            node,
            value => {
                catchUp()
                return arrived.has(value)
            },
            keeps
        )
        const { ledger } = witness
        /** Lets time go by until `at`, or until a rule is broken. */
        const until = async (at: number) => {
            while (ledger.breaches.length === 0) {
                const left = at - world.clock.elapsed
                // the clock has whole us
                if (left < 0.001) return
                await world.advance(Math.min(LOOK, left))
            }
        }
        for (const { at, name, happen } of inOrder(happenings)) {
            await until(at)
            if (ledger.breaches.length > 0) break
            witness.note(() => name)
            await happen(scene)
            if (name.startsWith("clock-step")) witness.stepped()
        }
        await until(script.end)
        let right: number | undefined
        if (ledger.breaches.length === 0) {
            await calm(scene)
            right = await settle(scene, witness, until)
        }
        if (ledger.breaches.length === 0) {
            catchUp()
            const wrong = [
                ...losses(scene, witness, arrived),
                ...(await obeys(scene)),
            ]
            ledger.hold(wrong.length === 0, "all is right", () =>
                wrong.join("; ")
            )
        }
        return {
            breaches: ledger.breaches.slice(0, 5),
            digest: witness.end(),
            history: witness.history ?? [],
            lived: world.now,
            checks: ledger.checks,
            right,
            console: node.lines
                .filter(({ text }) => !/^(law|count) /.test(text))
                .slice(-SHOWN)
                .map(({ at, text }) => `${at} ${text}`),
        }
    } finally {
        world.stop()
    }
}

/** Waits until all is right and has stayed so. @returns ms from now until it was */
async function settle(
    scene: Scene,
    witness: Witness,
    until: (at: number) => Promise<void>
): Promise<number | undefined> {
    const { world } = scene
    const { ledger } = witness
    const begin = world.now
    let since: number | undefined
    while (ledger.breaches.length === 0) {
        const wrong = wrongs(scene, witness)
        if (wrong.length > 0) since = undefined
        else since ??= world.now
        if (since !== undefined && world.now - since >= STEADY)
            return since - begin
        const late = (since ?? world.now) - begin
        ledger.hold(
            late <= RIGHT_WITHIN,
            `all is right ${RIGHT_WITHIN / 1_000} s after the last fault`,
            () => wrong.join("; ")
        )
        await until(world.clock.elapsed + LOOK)
    }
    return undefined
}

interface Happening {
    at: number
    name: string
    happen: (scene: Scene) => void | Promise<void>
}

/** The begin of a step, and its end where it has one. */
function prepared(step: Step): Happening[] {
    const kind = kindOf(step.kind)
    const args = complete(kind, step.args)
    if ((step.lasts === undefined) !== (kind.lasts === undefined))
        throw new Error(
            `${kind.name} ${kind.lasts ? "needs" : "has no"} \`for <seconds>\``
        )
    let heal: (() => void | Promise<void>) | undefined
    const begin: Happening = {
        at: step.at,
        name: `${kind.name} ${JSON.stringify(step.args)}`,
        happen: scene => {
            heal = kind.inject(scene, args) ?? undefined
        },
    }
    if (step.lasts === undefined) return [begin]
    const end: Happening = {
        at: step.at + step.lasts,
        name: `end of ${kind.name}`,
        happen: () => heal?.(),
    }
    return [begin, end]
}

/** By their times; of one time those that were first in the script. */
function inOrder(happenings: readonly Happening[][]): Happening[] {
    return happenings.flat().sort((a, b) => a.at - b.at)
}

/** Whatever was still wrong is not any more: ends of faults that overlapped may have left something. */
async function calm({ broker, node }: Scene): Promise<void> {
    const { retains } = broker.behaviour
    Object.assign(broker.behaviour, GOOD, { retains })
    broker.rules.end()
    if (!broker.serving) broker.run()
    const { link } = node
    link.reach = "normal"
    link.refuses = undefined
    link.mixes = false
    if (link.ends === "none") link.ends = "both"
    link.up.resetAfter = link.down.resetAfter = undefined
    link.set("both", {
        delayMs: 0,
        jitterMs: 0,
        rate: undefined,
        pieceBytes: undefined,
        mergeMs: undefined,
    })
    link.restore()
    if (!node.powered) await node.powerOn()
    node.sensors.resume()
}

function read(setup: Record<string, Value>): Setup {
    const known = ["luck", "port", "retains", "age", "delay"]
    for (const key of Object.keys(setup))
        if (!known.includes(key)) throw new Error(`setup has no ${key}`)
    const planned = restartAt(DEVICE, undefined)
    const ages: Record<string, number> = {
        new: 0,
        restart: planned - SHORTLY,
        wrap: WRAP - SHORTLY,
    }
    return {
        luck: Number(setup["luck"] ?? 1),
        port: (setup["port"] ?? "esp32") as Port,
        retains: setup["retains"] !== "no",
        age: ages[String(setup["age"] ?? "new")] ?? 0,
        delay: Number(setup["delay"] ?? 1),
    }
}

/** The identifier of a chip, which gives it its luck with jitter. */
function chip(luck: number): string {
    return createHash("sha256")
        .update(`chip ${luck}`)
        .digest("hex")
        .slice(0, 16)
}
