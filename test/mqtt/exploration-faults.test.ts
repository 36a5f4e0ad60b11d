// A session broken on purpose is found out by the exploration: the rules can fail.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { PacketType } from "../../src/mqtt/packet"
import { AGAIN, NEVER, Session, type Message } from "../../src/mqtt/session"
import { outModel } from "./exploration-out"
import { explore } from "./explorer"
import { installStrictBuffer } from "./strict-buffer"

let restore: () => void
beforeAll(() => {
    restore = installStrictBuffer()
})
afterAll(() => restore())

/** What a fault may reach in a session. */
interface Inside {
    inflight: Message[]
    replies: number[]
    online: boolean
    receivedAck: (type: number, id: number, code: number) => void
}

type Fault = (session: Session) => void

/** Puts `by` around a method: it is given the session and what runs the real method, with other arguments if it likes. */
const around =
    (
        name: keyof Session,
        by: (s: Inside, original: (...args: unknown[]) => unknown) => unknown
    ): Fault =>
    session => {
        const method = Reflect.get(Session.prototype, name) as (
            ...args: unknown[]
        ) => unknown
        Object.assign(session, {
            [name]: function (this: Inside, ...args: unknown[]) {
                return by(this, (...others) =>
                    method.apply(this, others.length > 0 ? others : args)
                )
            },
        })
    }

const faults: [string, Fault, RegExp][] = [
    [
        "uses identifiers again while they are in flight",
        around("take", (s, original) => {
            Object.assign(s, { lastId: 0, inflightById: () => undefined })
            return original()
        }),
        /used twice in flight/,
    ],
    [
        "forgets DUP on a repeat",
        around("disconnected", (s, original) => {
            original()
            for (const m of s.inflight) m.sentAt = NEVER
        }),
        /no DUP on a repeat/,
    ],
    [
        "sets DUP on what was never written",
        around("disconnected", (s, original) => {
            original()
            for (const m of s.inflight) m.sentAt = AGAIN
        }),
        /DUP on a first PUBLISH/,
    ],
    [
        "forgets what is in flight when the connection breaks",
        around("disconnected", (s, original) => {
            original()
            s.inflight.pop()
        }),
        /neither ended nor held/,
    ],
    [
        "repeats in reverse",
        around("connected", (s, original) => {
            s.inflight.reverse()
            original()
        }),
        /PUBLISHes out of order/,
    ],
    [
        "answers PUBRECs out of order",
        around("take", (s, original) => {
            s.replies.sort((a, b) => b - a)
            return original()
        }),
        /out of the order of the PUBRECs/,
    ],
    [
        "forgets in which order the PUBRECs came",
        around("disconnected", (s, original) => {
            original()
            s.inflight.sort((a, b) => a.id - b.id)
        }),
        /out of the order of the PUBRECs/,
    ],
    [
        "resumes a session that the broker lost",
        around("connected", (_s, original) => original(true)),
        /DUP on a first PUBLISH|counted wrongly/,
    ],
    [
        "begins anew a session that the broker kept",
        around("connected", (_s, original) => original(false)),
        /no DUP on a repeat|counted wrongly/,
    ],
    [
        "writes PUBLISH again after PUBREC",
        around("disconnected", (s, original) => {
            original()
            for (const m of s.inflight)
                if (m.qos === 2) m.awaits = PacketType.Pubrec
        }),
        /PUBLISH after PUBREC/,
    ],
    [
        "hands out packets while offline",
        around("disconnected", (s, original) => {
            original()
            s.online = true
        }),
        /while offline/,
    ],
    [
        "takes a write for an acknowledgement",
        around("wrote", (s, original) => {
            original()
            for (const { id, qos } of [...s.inflight])
                if (qos === 1) s.receivedAck(PacketType.Puback, id, 0)
        }),
        /QoS 1 Delivered and never handed on/,
    ],
    [
        "sends nothing more while something is in flight",
        around("take", (s, original) =>
            s.inflight.some(m => m.sentAt >= 0) ? undefined : original()
        ),
        /never sent|never ends/,
    ],
]

describe("a session is found out that", () => {
    it.each(faults)("%s", (_name, fault, expected) => {
        const { violations } = explore(
            outModel({
                messages: 2,
                qos: [1, 2],
                window: 2,
                reconnects: 2,
                duplicates: 0,
                anyOrder: true,
                handOn: "publish",
                fault,
            })
        )
        expect(violations.join("\n")).toMatch(expected)
    })
})
