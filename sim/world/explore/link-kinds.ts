// Faults of what is between a node and its broker.
import type { Direction, Reach } from "../link"
import { oneOf, whole, type Kind } from "./kind"

const WAY = oneOf("both", "up", "down")
const ONE_WAY = oneOf("up", "down") as { words: ["up", "down"] }

export const LINK_KINDS: readonly Kind[] = [
    {
        name: "fin",
        inject: ({ node }) => node.link.close(),
    },
    {
        name: "reset",
        inject: ({ node }) => node.link.reset(),
    },
    {
        // in the midst of a packet, as it may be
        name: "reset-at-byte",
        args: { way: ONE_WAY, bytes: whole(0, 400) },
        inject: ({ node }, args) =>
            node.link.resetAfter(
                args.word("way") as "up" | "down",
                args.number("bytes")
            ),
    },
    {
        name: "silence",
        lasts: [100, 90_000],
        args: { way: WAY },
        weight: 2,
        inject: ({ node }, args) => {
            const way = args.word("way") as Direction
            node.link.silence(way)
            return () => node.link.restore(way)
        },
    },
    {
        name: "forgotten",
        inject: ({ node }) => node.link.lose(),
    },
    {
        name: "half-open",
        args: { believer: oneOf("node", "broker") },
        inject: ({ node }, args) =>
            node.link.halve(args.word("believer") as "node" | "broker"),
    },
    {
        name: "slow",
        lasts: [1_000, 90_000],
        args: { way: WAY, delay: whole(10, 3_000), jitter: whole(0, 2_000) },
        inject: ({ node }, args) => {
            const way = args.word("way") as Direction
            node.link.set(way, {
                delayMs: args.number("delay"),
                jitterMs: args.number("jitter"),
            })
            return () => node.link.set(way, { delayMs: 0, jitterMs: 0 })
        },
    },
    {
        name: "narrow",
        lasts: [1_000, 60_000],
        args: { way: WAY, rate: whole(30, 5_000) },
        inject: ({ node }, args) => {
            const way = args.word("way") as Direction
            node.link.set(way, { rate: args.number("rate") })
            return () => node.link.set(way, { rate: undefined })
        },
    },
    {
        name: "pieces",
        lasts: [1_000, 60_000],
        args: { way: WAY, bytes: whole(1, 536) },
        inject: ({ node }, args) => {
            const way = args.word("way") as Direction
            node.link.set(way, { pieceBytes: args.number("bytes") })
            return () => node.link.set(way, { pieceBytes: undefined })
        },
    },
    {
        name: "merges",
        lasts: [1_000, 60_000],
        args: { way: WAY, ms: whole(10, 3_000) },
        inject: ({ node }, args) => {
            const way = args.word("way") as Direction
            node.link.set(way, { mergeMs: args.number("ms") })
            return () => node.link.set(way, { mergeMs: undefined })
        },
    },
    {
        name: "unreachable",
        lasts: [500, 90_000],
        args: {
            how: oneOf("refused", "unknown", "late", "never"),
            cut: oneOf("yes", "no"),
        },
        weight: 3,
        inject: ({ node }, args) => {
            node.link.reach = args.word("how") as Reach
            if (args.word("cut") === "yes") node.link.reset()
            return () => {
                node.link.reach = "normal"
            }
        },
    },
    {
        name: "wifi-drop",
        lasts: [500, 60_000],
        args: { address: oneOf("same", "new") },
        inject: ({ node: { link } }, args) => {
            link.silence()
            link.reach = "offline"
            return () => {
                if (args.word("address") === "new") link.lose()
                link.reach = "normal"
                link.restore()
            }
        },
    },
    {
        // how the platform tells of what happens, and of nothing
        name: "events",
        lasts: [1_000, 60_000],
        args: { ends: oneOf("close", "error", "none") },
        inject: ({ node: { link } }, args) => {
            const before = link.ends
            link.ends = args.word("ends") as typeof link.ends
            link.reset()
            return () => {
                link.ends = before
            }
        },
    },
    {
        name: "late-bytes",
        lasts: [5_000, 60_000],
        inject: ({ node: { link } }) => {
            link.mixes = true
            // what comes from now on is late enough for the next connection
            link.silence("down")
            return () => {
                link.mixes = false
                link.restore("down")
            }
        },
    },
    {
        name: "queue-full",
        lasts: [20, 30_000],
        args: { code: oneOf("busy", "no-connection") },
        inject: ({ node: { link } }, args) => {
            link.refuses = args.word("code") === "busy" ? -1 : -10
            return () => {
                link.refuses = undefined
            }
        },
    },
]
