// A stand-in for the global Buffer that allows only what means the same on a board and in Node.js, and throws on all
// else. The pure files of the firmware are tested on it. Knows nothing of MQTT.
//
// What differs, and is therefore refused: reads and writes outside (undefined or a throw on one side, nothing on the
// other), values that are not bytes, `slice` beyond the end (the VM pads with zeros), `slice` of something that is
// written to later (the VM copies, Node.js aliases), and every other method, argument and property.

/** Largest Buffer the VM can give, in bytes: 0xe000 with its header; more ends the program. */
const MAX_ALLOC = 0xe000 - 8

const inner = Symbol("inner")

/** What was asked for with Buffer.alloc since the last `forget`, in bytes each. */
export const allocations = {
    sizes: [] as number[],
    largest: () => Math.max(0, ...allocations.sizes),
    forget: () => {
        allocations.sizes = []
    },
}

/** An operation that means different things on board and host, or nothing on one of them. */
export class NotPortable extends TypeError {
    override name = "NotPortable"
}

function refuse(what: string): never {
    throw new NotPortable(what)
}

function isByte(value: unknown): value is number {
    return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 255
}

interface Inner {
    bytes: Uint8Array
    /** A write would be seen through a slice on one side only, or change what was received. */
    readOnly: boolean
}

const methods = {
    set(this: StrictBuffer, from: unknown, ...rest: unknown[]) {
        const to = insideOf(this)
        const source = insideOf(from)
        const at = rest.length === 0 ? 0 : rest[0]
        if (rest.length > 1 || !Number.isInteger(at)) refuse("set() arguments")
        if (to.readOnly) refuse("set() on read-only bytes")
        if (
            Number(at) < 0 ||
            Number(at) + source.bytes.length > to.bytes.length
        )
            refuse(
                `set() of ${source.bytes.length} bytes at ${String(at)} of ${to.bytes.length}`
            )
        to.bytes.set(source.bytes, Number(at))
    },
    indexOf(this: StrictBuffer, byte: unknown, ...rest: unknown[]) {
        if (rest.length > 0 || !isByte(byte)) refuse("indexOf() arguments")
        return insideOf(this).bytes.indexOf(byte)
    },
    /** A read-only copy; what it was cut from can not be written to any longer. */
    slice(this: StrictBuffer, from: unknown, to: unknown, ...rest: unknown[]) {
        const whole = insideOf(this)
        if (!Number.isInteger(from) || !Number.isInteger(to) || rest.length > 0)
            refuse("slice() arguments")
        const start = Number(from)
        const end = Number(to)
        if (start < 0 || start > end || end > whole.bytes.length)
            refuse(`slice(${start}, ${end}) of ${whole.bytes.length} bytes`)
        whole.readOnly = true
        return wrap(whole.bytes.slice(start, end), true)
    },
    toString(this: StrictBuffer, ...rest: unknown[]) {
        if (rest.length > 0) refuse("toString() arguments")
        return new TextDecoder("utf-8", { ignoreBOM: true }).decode(
            insideOf(this).bytes
        )
    },
}

const handler: ProxyHandler<Inner> = {
    get(target, key) {
        if (key === inner) return target
        if (typeof key === "symbol") return undefined
        if (key === "length") return target.bytes.length
        if (Object.hasOwn(methods, key))
            return (methods as Record<string, unknown>)[key]
        const at = Number(key)
        if (!Number.isInteger(at)) refuse(`Buffer has no ${key} on both sides`)
        if (at < 0 || at >= target.bytes.length)
            refuse(`read of byte ${key} of ${target.bytes.length}`)
        return target.bytes[at]
    },
    set(target, key, value) {
        const at = typeof key === "symbol" ? NaN : Number(key)
        if (!Number.isInteger(at)) refuse(`write of ${String(key)}`)
        if (target.readOnly) refuse("write to read-only bytes")
        if (at < 0 || at >= target.bytes.length)
            refuse(`write of byte ${at} of ${target.bytes.length}`)
        if (!isByte(value)) refuse(`write of ${String(value)}, not a byte`)
        target.bytes[at] = value
        return true
    },
    has: () => refuse("in"),
    deleteProperty: () => refuse("delete"),
    ownKeys: () => refuse("keys of a Buffer"),
    getPrototypeOf: () => StrictBuffer.prototype,
}

/** Only for `instanceof`; made by alloc and from. */
class StrictBuffer {
    constructor() {
        refuse("new Buffer()")
    }
}

function wrap(bytes: Uint8Array, readOnly: boolean): Buffer {
    return new Proxy({ bytes, readOnly }, handler) as unknown as Buffer
}

function insideOf(value: unknown): Inner {
    if (!(value instanceof StrictBuffer)) refuse("not a Buffer")
    return (value as unknown as Record<symbol, Inner>)[inner] as Inner
}

const statics: Record<string, unknown> = {
    prototype: StrictBuffer.prototype,
    alloc(size: unknown, ...rest: unknown[]) {
        if (rest.length > 0 || !Number.isInteger(size) || Number(size) < 0)
            refuse("alloc() arguments")
        allocations.sizes.push(Number(size))
        if (Number(size) > MAX_ALLOC)
            refuse(`alloc(${String(size)}) ends the VM`)
        return wrap(new Uint8Array(Number(size)), false)
    },
    from(source: unknown, ...rest: unknown[]) {
        if (rest.length > 0) refuse("from() arguments")
        if (typeof source === "string")
            return wrap(new TextEncoder().encode(source), false)
        if (Array.isArray(source)) {
            if (!source.every(isByte)) refuse("from() of what are not bytes")
            return wrap(Uint8Array.from(source), false)
        }
        return wrap(insideOf(source).bytes.slice(), false)
    },
}

const strictConstructor = new Proxy(StrictBuffer, {
    get(target, key) {
        if (typeof key === "symbol") return Reflect.get(target, key) as unknown
        if (!Object.hasOwn(statics, key)) refuse(`Buffer.${key}`)
        return statics[key]
    },
}) as unknown as BufferConstructor

/** Bytes as a socket delivers them: they can be read and sliced, not written to. */
export function fromReceived(bytes: Uint8Array | number[]): Buffer {
    return wrap(Uint8Array.from(bytes), true)
}

/** A copy of a strict Buffer's bytes, for assertions. */
export function plain(buffer: Buffer): Uint8Array {
    return insideOf(buffer).bytes.slice()
}

/**
 * Puts the strict Buffer in the place of the global one, in this process, until the function it returns is called.
 * What needs Node.js' own imports it from node:buffer, as mqtt-packet does.
 */
export function installStrictBuffer(): () => void {
    const own = globalThis.Buffer
    globalThis.Buffer = strictConstructor
    return () => {
        globalThis.Buffer = own
    }
}
