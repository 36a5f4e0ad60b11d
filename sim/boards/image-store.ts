// Opens the flash image that the CLI's bundle verb made, .bin or .uf2, finds in it the store of program and settings that
// the runtime mounts (jacdac-c source/jd_fstor.c), and adds entries to that. The platform's bundle leaves Wi-Fi out of an
// image; the runtime looks for it in this store, under keys of its own. Knows nothing of boards and of what settings mean.

/** Where the store lies, from the platform's table of chips. */
export interface StorePlace {
    /** Address of the store, as the table has it. */
    address: number
    /** Address of the first byte of a .bin; 0 where it begins with the flash. */
    start: number
    /** Bytes. */
    size: number
}

/** The image is not what the CLI's bundle verb makes. */
export class ImageError extends Error {
    override name = "ImageError"
}

const MAGIC = [0x52545346, 0x6becea0a] as const
/** Bytes of the table's header: magic, generation, page size, pages, table's pages, reserved. */
const HEADER = 24
const HEADER_PAGES_AT = 18
const PAGE_SIZE_AT = 12
/** Bytes of an entry: key of 16, offset and size of the value. */
const ENTRY = 24
const KEY = 16
/** Values begin at multiples of this, in bytes. */
const ALIGN = 8
const ERASED = 0xff
const NO_ENTRY = 0xffffffff

/** A program's entry: its key begins so, and a header of so many bytes stands before the bytecode. */
const PROGRAM_KEY = "*"
const PROGRAM_HEADER = 128
/** The first four bytes of bytecode. */
const BYTECODE = Buffer.from([0x44, 0x65, 0x76, 0x53])

/** Blocks of a .uf2: 512 bytes, of which 256 are data from byte 32 on (github.com/microsoft/uf2). */
const UF2_BLOCK = 512
const UF2_MAGIC = 0x0a324655
const UF2_ADDRESS_AT = 12
const UF2_SIZE_AT = 16
const UF2_DATA_AT = 32

interface Entry {
    key: string
    from: number
    size: number
}

export class ImageStore {
    readonly #image: Buffer
    readonly #place: StorePlace
    /** The store's bytes; of a .uf2 a copy, gathered from its blocks. */
    readonly #store: Buffer
    readonly #uf2: boolean

    /** @throws {ImageError} when there is no store at that place */
    constructor(image: Uint8Array, place: StorePlace) {
        this.#image = Buffer.from(image)
        this.#place = place
        this.#uf2 =
            this.#image.length >= UF2_BLOCK &&
            this.#image.readUInt32LE(0) === UF2_MAGIC
        this.#store = this.#uf2 ? this.#gather() : this.#cut()
        this.#bank()
    }

    /** The bytecode in the store, or undefined when there is none. */
    program(): Uint8Array | undefined {
        const entry = this.#entries().findLast(({ key }) =>
            key.startsWith(PROGRAM_KEY)
        )
        if (!entry) return undefined
        const from = entry.from + PROGRAM_HEADER
        const code = this.#store.subarray(from, entry.from + entry.size)
        return code.subarray(0, BYTECODE.length).equals(BYTECODE)
            ? new Uint8Array(code)
            : undefined
    }

    /** The newest value of a key as the runtime reads it; undefined when there is none, or an empty one, which deletes it. */
    get(key: string): Buffer | undefined {
        const entry = this.#entries().findLast(one => one.key === key)
        if (!entry || entry.size === 0) return undefined
        return this.#store.subarray(entry.from, entry.from + entry.size)
    }

    /** Keys with a value, in the order they were first written. */
    keys(): string[] {
        const keys = new Set(this.#entries().map(({ key }) => key))
        return [...keys].filter(
            key => key.startsWith(PROGRAM_KEY) || this.get(key) !== undefined
        )
    }

    /**
     * Adds an entry; an older one of that key counts no more.
     * @param key as the runtime has it: `:NAME` for a DeviceScript setting
     * @throws {ImageError} when the store is full
     */
    set(key: string, value: Uint8Array): void {
        const { bank, end } = this.#bank()
        const entries = this.#entries()
        const at = bank + HEADER + entries.length * ENTRY
        const lowest = Math.min(
            end,
            // large values lie in pages of their own, after the tables
            ...entries.filter(({ from }) => from < end).map(e => e.from)
        )
        const from =
            lowest - Math.max(1, Math.ceil(value.length / ALIGN)) * ALIGN
        // one more entry stays erased and ends the table
        if (at + 2 * ENTRY > from)
            throw new ImageError(
                `the settings do not fit: no room for ${key} in ${end - bank} bytes`
            )
        this.#store.set(value, from)
        this.#store.fill(0, at, at + KEY)
        this.#store.write(key, at)
        this.#store.writeUInt32LE(from, at + KEY)
        this.#store.writeUInt32LE(value.length, at + KEY + 4)
    }

    /** The whole image with what was added. */
    bytes(): Uint8Array {
        if (this.#uf2) this.#scatter()
        return new Uint8Array(this.#image)
    }

    /** The store alone, as the chip's flash has it. */
    store(): Uint8Array {
        return new Uint8Array(this.#store)
    }

    /** The table in use: of the two the one with the higher generation. */
    #bank(): { bank: number; end: number } {
        const store = this.#store
        const table = (bank: number) => {
            if (bank + HEADER > store.length) return undefined
            if (!MAGIC.every((m, i) => store.readUInt32LE(bank + 4 * i) === m))
                return undefined
            const pages = store.readUInt16LE(bank + HEADER_PAGES_AT)
            const size = pages * store.readUInt32LE(bank + PAGE_SIZE_AT)
            return { generation: store.readUInt32LE(bank + 8), size }
        }
        const first = table(0)
        // an erased first table tells nothing of its size; the CLI's VM begins with the first
        if (!first)
            throw new ImageError(
                "there is no store of program and settings where the runtime looks for it"
            )
        const second = table(first.size)
        const bank =
            second && second.generation > first.generation ? first.size : 0
        return { bank, end: bank + first.size }
    }

    #entries(): Entry[] {
        const { bank, end } = this.#bank()
        const entries: Entry[] = []
        for (let at = bank + HEADER; at + ENTRY <= end; at += ENTRY) {
            const from = this.#store.readUInt32LE(at + KEY)
            if (from === NO_ENTRY) break
            const name = this.#store.toString("latin1", at, at + KEY)
            const size = this.#store.readUInt32LE(at + KEY + 4)
            if (from + size > this.#store.length)
                throw new ImageError("an entry of the store lies outside of it")
            entries.push({ key: name.split("\0", 1)[0]!, from, size })
        }
        return entries
    }

    #cut(): Buffer {
        const { address, start, size } = this.#place
        const from = address - start
        if (from >= this.#image.length)
            throw new ImageError(
                `it ends at ${this.#image.length} bytes, before the store at ${from}`
            )
        return this.#image.subarray(from, from + size)
    }

    #gather(): Buffer {
        const store = Buffer.alloc(this.#place.size, ERASED)
        this.#blocks((data, at) => data.copy(store, at))
        return store
    }

    #scatter(): void {
        this.#blocks((data, at) => {
            this.#store.copy(data, 0, at, at + data.length)
        })
    }

    /** Calls `each` with the data of every block that lies in the store, and where in it. */
    #blocks(each: (data: Buffer, at: number) => void): void {
        const { address, size } = this.#place
        for (
            let at = 0;
            at + UF2_BLOCK <= this.#image.length;
            at += UF2_BLOCK
        ) {
            const to = this.#image.readUInt32LE(at + UF2_ADDRESS_AT) - address
            const bytes = this.#image.readUInt32LE(at + UF2_SIZE_AT)
            if (to < 0 || to + bytes > size) continue
            const from = at + UF2_DATA_AT
            each(this.#image.subarray(from, from + bytes), to)
        }
    }
}
