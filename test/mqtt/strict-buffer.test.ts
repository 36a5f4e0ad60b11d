// The strict Buffer itself: it must refuse what differs between board and host, or the tests that lean on it prove
// nothing.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import {
    NotPortable,
    allocations,
    fromReceived,
    installStrictBuffer,
    plain,
} from "./strict-buffer"

let restore: () => void
beforeAll(() => {
    restore = installStrictBuffer()
})
afterAll(() => restore())

const refused = (action: () => unknown) => expect(action).toThrow(NotPortable)

describe("the strict Buffer", () => {
    it("allows what means the same on both sides", () => {
        const b = Buffer.alloc(4)
        b[0] = 255
        b.set(Buffer.from([1, 2]), 2)
        expect([...plain(b)]).toEqual([255, 0, 1, 2])
        expect(b.length).toBe(4)
        expect(b[3]).toBe(2)
        expect(b.indexOf(1)).toBe(2)
        expect(b instanceof Buffer).toBe(true)
        expect([] instanceof Buffer).toBe(false)
        expect(Buffer.from("žluť").toString()).toBe("žluť")
        expect([...plain(Buffer.from(b))]).toEqual([255, 0, 1, 2])
    })

    it("allows set() of nothing at the very end", () => {
        const b = Buffer.alloc(2)
        b.set(Buffer.alloc(0), 2)
        expect([...plain(b)]).toEqual([0, 0])
    })

    it.each([-1, 2, 1.5])("refuses to read or write index %s of two", at => {
        const b = Buffer.alloc(2)
        refused(() => b[at])
        refused(() => (b[at] = 1))
    })

    it.each([-1, 256, 1.5, NaN])("refuses to write %s as a byte", value => {
        const b = Buffer.alloc(2)
        refused(() => (b[0] = value))
        refused(() => Buffer.from([value]))
    })

    it("refuses set() beyond the end", () => {
        const b = Buffer.alloc(2)
        refused(() => b.set(Buffer.alloc(2), 1))
        refused(() => b.set(Buffer.alloc(1), -1))
        refused(() => b.set([1], 0))
    })

    it("refuses writes to what was received, to a slice, and to what a slice was cut from", () => {
        const received = fromReceived([1, 2, 3])
        refused(() => (received[0] = 9))
        refused(() => received.set(Buffer.alloc(1), 0))
        refused(() => (received.slice(0, 1)[0] = 9))
        const own = Buffer.alloc(3)
        own[0] = 1
        own.slice(0, 2)
        refused(() => (own[0] = 2))
    })

    it.each([
        [0, 4],
        [-1, 2],
        [2, 1],
    ])("refuses slice(%s, %s) of three bytes", (from, to) => {
        refused(() => fromReceived([1, 2, 3]).slice(from, to))
    })

    it.each([
        ["concat", () => Buffer.concat([])],
        ["byteLength", () => Buffer.byteLength("x")],
        ["isBuffer", () => Buffer.isBuffer(1)],
        ["allocUnsafe", () => Buffer.allocUnsafe(1)],
        ["from with an encoding", () => Buffer.from("00", "hex")],
        ["from of a Uint8Array", () => Buffer.from(new Uint8Array(1))],
        ["alloc with a fill", () => Buffer.alloc(1, 1)],
        ["toString with an encoding", () => Buffer.alloc(1).toString("hex")],
        ["readUInt16BE", () => Buffer.alloc(2).readUInt16BE(0)],
        ["subarray", () => Buffer.alloc(2).subarray(0, 1)],
        ["fill", () => Buffer.alloc(2).fill(1)],
        ["equals", () => Buffer.alloc(2).equals(Buffer.alloc(2))],
        ["iteration", () => [...Buffer.alloc(2)]],
        ["indexOf of text", () => Buffer.alloc(2).indexOf("x")],
        ["indexOf from a place", () => Buffer.alloc(2).indexOf(1, 1)],
    ])("refuses %s", (_name, action) => {
        expect(action).toThrow(TypeError)
    })

    it("counts what is allocated and refuses what would end the VM", () => {
        allocations.forget()
        Buffer.alloc(3)
        Buffer.alloc(7)
        expect(allocations.sizes).toEqual([3, 7])
        expect(allocations.largest()).toBe(7)
        refused(() => Buffer.alloc(57344))
    })

    it("leaves the real Buffer in place once it is taken out", () => {
        const reinstall = installStrictBuffer()
        reinstall()
        restore()
        expect(Buffer.concat([Buffer.from("ok")]).toString()).toBe("ok")
        restore = installStrictBuffer()
    })
})
