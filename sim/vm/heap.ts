// Figures of the firmware's heap, read from the VM's memory. The layout is that of a 32-bit board, so the numbers
// are a board's. Looks, never touches.
//
// Layout: the collector's record is six words {first free block, first chunk, allocations, threshold, allocated
// since the last collection, context}; a chunk is {next chunk, its end} and then blocks; a block begins with a
// word of 8 bits tag and 24 bits length in words.

/** Bytes unless said otherwise. */
export interface HeapFigures {
    /** The whole heap. */
    size: number
    /** What blocks take that are in use or are garbage not yet collected, their headers included. */
    used: number
    free: number
    /** The largest single free block: what one allocation can get. */
    largestFree: number
    /** Blocks in use or garbage. */
    objects: number
    /** The same by kind. */
    kinds: Partial<Record<HeapKind, number>>
    /** Allocations since the program started; the same on every platform for the same program. */
    allocations: number
}

/** What a block holds; `bytes` are the contents of arrays, maps and the like. */
export type HeapKind = (typeof KINDS)[number]

/** By the low four bits of a block's tag. */
const KINDS = [
    "null",
    "free",
    "bytes",
    "array",
    "map",
    "buffer",
    "string",
    "bound function",
    "activation",
    "half-static map",
    "short map",
    "packet",
    "long string",
    "image",
] as const
const FREE = 1

/** The word that ends a chunk: tag 15, pinned, one word long. */
const FINAL = 0x4f000001

const WORD = 4
/** Words of a chunk before its first block. */
const CHUNK_HEADER = 2
/** Words of the collector's record. */
const RECORD = 6

/** The heaps of all boards lie between these, in bytes: 40 KiB (ESP32-S2) and 64 KiB. */
const SMALLEST = 16 * 1024
const LARGEST = 128 * 1024

/**
 * Finds the collector's record in the VM's memory; takes some milliseconds.
 * @returns its address, or undefined while no program has a heap
 */
export function findHeap(memory: Uint8Array): number | undefined {
    const words = view(memory)
    for (let chunk = 0; chunk + CHUNK_HEADER < words.length; chunk++) {
        const end = words[chunk + 1]! / WORD
        if (words[chunk] !== 0 || words[end] !== FINAL) continue
        const size = (end - chunk) * WORD
        if (size < SMALLEST || size > LARGEST) continue
        for (
            let record = words.indexOf(chunk * WORD);
            record > 0;
            record = words.indexOf(chunk * WORD, record + 1)
        )
            if (isHeap(memory, (record - 1) * WORD)) return (record - 1) * WORD
    }
    return undefined
}

/** Whether the collector's record is at that address (still: a program that starts anew gets another). */
export function isHeap(memory: Uint8Array, address: number): boolean {
    const words = view(memory)
    const record = address / WORD
    if (record + RECORD > words.length) return false
    const chunk = words[record + 1]! / WORD
    const end = words[chunk + 1]! / WORD
    // the collector runs after a quarter of the heap was allocated: its threshold, in words
    const quarter = Math.floor(((end - chunk + 1) * WORD) / WORD / 4)
    return (
        words[chunk] === 0 &&
        words[end] === FINAL &&
        words[record + 3] === quarter &&
        words[record + 5] !== 0 &&
        walk(words, chunk, () => {})
    )
}

/** @param address what `findHeap` gave */
export function heapFigures(memory: Uint8Array, address: number): HeapFigures {
    const words = view(memory)
    const record = address / WORD
    const chunk = words[record + 1]! / WORD
    const figures: HeapFigures = {
        size: words[chunk + 1]! - (chunk + CHUNK_HEADER) * WORD,
        used: 0,
        free: 0,
        largestFree: 0,
        objects: 0,
        kinds: {},
        allocations: words[record + 2]!,
    }
    walk(words, chunk, (tag, bytes) => {
        if (tag === FREE) {
            figures.free += bytes
            figures.largestFree = Math.max(figures.largestFree, bytes)
            return
        }
        figures.used += bytes
        figures.objects++
        const kind = KINDS[tag]
        if (kind !== undefined)
            figures.kinds[kind] = (figures.kinds[kind] ?? 0) + 1
    })
    return figures
}

function view(memory: Uint8Array): Uint32Array {
    return new Uint32Array(
        memory.buffer,
        memory.byteOffset,
        memory.byteLength >> 2
    )
}

/** Goes from block to block. @returns whether they lead exactly to the chunk's end */
function walk(
    words: Uint32Array,
    chunk: number,
    block: (tag: number, bytes: number) => void
): boolean {
    const end = words[chunk + 1]! / WORD
    let at = chunk + CHUNK_HEADER
    while (at < end) {
        const header = words[at]!
        const size = header & 0xffffff
        if (size === 0) return false
        block((header >>> 24) & 0xf, size * WORD)
        at += size
    }
    return at === end
}
