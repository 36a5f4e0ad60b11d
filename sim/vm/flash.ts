// A chip's flash: what survives a power cut. Holds the program and the settings in the platform's own format
// (a store of key and value entries; jacdac-c calls it fstor).

/** Bytes of the simulated chip's flash store. */
const FLASH_SIZE = 128 * 1024
const PAGE = 4096
/** Pages of the entry table; twice, since the store moves between two copies. */
const HEADER_PAGES = 2
const HEADER = 24
const ENTRY = 24
const MAGIC = [0x52545346, 0x6becea0a] as const

/** Longest key of a setting, in characters: the firmware's own library refuses more. */
export const MAX_KEY = 13
/** Key, its end and the JSON value together, in bytes; a larger one makes the firmware's read hang for ever. */
export const MAX_SETTING = 232

/** A setting that the board could not read. */
export class SettingError extends Error {
    override name = "SettingError"
}

export class Flash {
    /** What the VM last saved; empty is a chip never written. */
    image: Uint8Array

    constructor(image: Uint8Array = new Uint8Array(0)) {
        this.image = image
    }

    /**
     * A flash with these settings and no program yet. Values are what DeviceScript's readSetting gives back:
     * anything JSON can say. Undefined ones are left out.
     * @throws {SettingError} naming the key that is too long, or whose value is
     */
    static withSettings(settings: Record<string, unknown>): Flash {
        const store = Buffer.alloc(HEADER_PAGES * PAGE, 0xff)
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
            data -= Math.max(8, Math.ceil(bytes.length / 8) * 8)
            if (entry + 2 * ENTRY > data)
                throw new SettingError(
                    `setting ${key}: the settings do not fit into ${store.length} bytes of flash`
                )
            bytes.copy(store, data)
            store.fill(0, entry, entry + 16)
            // a DeviceScript setting's key begins with a colon
            store.write(`:${key}`, entry)
            store.writeUInt32LE(data, entry + 16)
            store.writeUInt32LE(bytes.length, entry + 20)
            entry += ENTRY
        }
        return new Flash(new Uint8Array(store))
    }
}

function settingBytes(key: string, value: unknown): Buffer {
    if (key.length === 0 || key.length > MAX_KEY)
        throw new SettingError(
            `setting ${key}: a key has 1 to ${MAX_KEY} characters`
        )
    const bytes = Buffer.from(JSON.stringify(value))
    if (key.length + 1 + bytes.length > MAX_SETTING)
        throw new SettingError(
            `setting ${key}: its value has ${bytes.length} bytes, at most ${MAX_SETTING - key.length - 1} can be read back`
        )
    return bytes
}
