// A chip's flash: what survives a power cut. Holds the program and the settings in the platform's own format
// (a store of key and value entries that jacdac-c calls fstor). Knows nothing of what settings mean.

/** Bytes of the simulated chip's flash store. */
export const FLASH_SIZE = 128 * 1024
/** What an erased byte of flash reads. */
const ERASED = 0xff
const PAGE = 4096
/** Pages of the entry table; twice, since the store moves between two copies. */
const HEADER_PAGES = 2
/** Bytes of the table's header: magic, generation, page size, pages, table's pages, reserved. */
const HEADER = 24
/** Bytes of an entry: key of 16, offset and size of the value. */
const ENTRY = 24
const KEY = 16
/** Bytes of a program's header in flash. */
const PROGRAM_HEADER = 128
/** Largest image in bytes: one page less than what the two copies of the table leave (measured). */
export const MAX_IMAGE =
    FLASH_SIZE - (2 * HEADER_PAGES + 1) * PAGE - PROGRAM_HEADER

const MAGIC = [0x52545346, 0x6becea0a] as const
/** Values begin at multiples of this, in bytes. */
const ALIGN = 8

/** Longest key of a setting, in bytes: the firmware's own library refuses more. */
export const MAX_KEY = 13
/** Key, its end and the JSON value together, in bytes; a larger one makes the firmware's read hang for ever. */
export const MAX_SETTING = 232

/** A setting that the board could not read. */
export class SettingError extends Error {
    override name = "SettingError"
}

export class Flash {
    /** What is written, without the erased bytes at its end; empty is a chip fresh from the factory. */
    image: Uint8Array

    constructor(image: Uint8Array = new Uint8Array(0)) {
        this.image = image
    }

    /** All bytes, as the chip reads them. */
    read(): Uint8Array {
        const bytes = new Uint8Array(FLASH_SIZE).fill(ERASED)
        bytes.set(this.image.subarray(0, FLASH_SIZE))
        return bytes
    }

    /** Takes what the chip has written. */
    write(bytes: Uint8Array): void {
        let end = bytes.length
        while (end > 0 && bytes[end - 1] === ERASED) end--
        this.image = bytes.slice(0, end)
    }

    /** What a setting holds, as the chip would read it; undefined when there is none. */
    setting(key: string): unknown {
        const json = this.records(key).at(-1)
        return json === undefined || json === ""
            ? undefined
            : (JSON.parse(json) as unknown)
    }

    /** How often a setting was written since the store last moved between its two copies, which it does when one is full. */
    writes(key: string): number {
        return this.records(key).length
    }

    /** All values of a setting that are still in the store, oldest first. */
    private records(key: string): string[] {
        const store = Buffer.from(this.read())
        const generation = (bank: number) =>
            MAGIC.every((m, i) => store.readUInt32LE(bank + 4 * i) === m)
                ? store.readUInt32LE(bank + 8)
                : 0
        const second = HEADER_PAGES * PAGE
        const bank = generation(second) > generation(0) ? second : 0
        if (generation(bank) === 0) return []
        const found: string[] = []
        for (let at = bank + HEADER; ; at += ENTRY) {
            const from = store.readUInt32LE(at + KEY)
            if (from === 0xffffffff) return found
            const name = store.toString("latin1", at, at + KEY)
            if (name.slice(0, name.indexOf("\0")) !== `:${key}`) continue
            const size = store.readUInt32LE(at + KEY + 4)
            found.push(store.toString("utf8", from, from + size))
        }
    }

    /**
     * A flash with these settings and no program yet. Values are what DeviceScript's readSetting gives back:
     * anything JSON can say. Undefined ones are left out.
     * @throws {SettingError} naming the key that is too long, or whose value is
     */
    static withSettings(settings: Record<string, unknown>): Flash {
        const store = Buffer.alloc(HEADER_PAGES * PAGE, ERASED)
        store.writeUInt32LE(MAGIC[0], 0)
        store.writeUInt32LE(MAGIC[1], 4)
        store.writeUInt32LE(1, 8) // generation
        store.writeUInt32LE(PAGE, 12)
        store.writeUInt16LE(FLASH_SIZE / PAGE, 16)
        store.writeUInt16LE(HEADER_PAGES, 18)
        store.writeUInt32LE(0, 20)
        let entry = HEADER
        let data = store.length
        for (const [key, value] of Object.entries(settings)) {
            if (value === undefined) continue
            const bytes = settingBytes(key, value)
            data -= Math.ceil(bytes.length / ALIGN) * ALIGN
            // one more entry for the program, and one that stays erased and ends the table
            if (entry + 3 * ENTRY > data)
                throw new SettingError(
                    `setting ${key}: the settings do not fit into ${store.length} bytes of flash`
                )
            bytes.copy(store, data)
            store.fill(0, entry, entry + KEY)
            // a DeviceScript setting's key begins with a colon
            store.write(`:${key}`, entry)
            store.writeUInt32LE(data, entry + KEY)
            store.writeUInt32LE(bytes.length, entry + KEY + 4)
            entry += ENTRY
        }
        return new Flash(new Uint8Array(store))
    }
}

function settingBytes(key: string, value: unknown): Buffer {
    const length = Buffer.byteLength(key)
    if (length === 0 || length > MAX_KEY)
        throw new SettingError(
            `setting ${key || '""'}: a key has 1 to ${MAX_KEY} bytes, this one has ${length}`
        )
    const json = JSON.stringify(value) as string | undefined
    if (json === undefined)
        throw new SettingError(
            `setting ${key}: its value cannot be written as JSON`
        )
    const bytes = Buffer.from(json)
    const most = MAX_SETTING - length - 1
    if (bytes.length > most)
        throw new SettingError(
            `setting ${key}: its value has ${bytes.length} bytes, at most ${most} can be read back`
        )
    return bytes
}
