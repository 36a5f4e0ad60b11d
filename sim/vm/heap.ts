// Figures of the firmware's heap, read from the VM's memory. The layout is that of a 32-bit board, so the
// numbers are a board's. Looks, never touches.

/** Bytes unless said otherwise. */
export interface HeapFigures {
    /** The whole heap. */
    size: number
    used: number
    free: number
    /** The largest single free block: what one allocation can get. */
    largestFree: number
    /** Blocks in use. */
    objects: number
    /** Allocations since the VM started; the same on every platform for the same program. */
    allocations: number
}

/** Kinds of blocks, the low four bits of a block's tag. */
const FREE = 1
/** The last block of the heap: kind 15, pinned. */
const FINAL_TAG = 0x4f

const WORD = 4

/**
 * Finds the collector's header in the VM's memory: six words {first free, first chunk, allocations,
 * threshold, current, context}, where the chunk begins with {next = 0, end}, the word at `end` is the final
 * block's tag, and the blocks between lead exactly to `end`.
 * @returns its address, or undefined while no program has a heap
 */
export function findHeap(memory: Uint8Array): number | undefined {
    const words = view(memory)
    const limit = words.length
    for (let chunk = 0; chunk + 2 < limit; chunk++) {
        const end = words[chunk + 1]!
        if (words[chunk] !== 0 || end % WORD !== 0) continue
        const size = end / WORD - chunk
        // from 16 KiB to 128 KiB: the heaps of all boards
        if (size < 4096 || size > 32768) continue
        if (words[end / WORD] !== ((FINAL_TAG << 24) | 1) >>> 0) continue
        if (!leadsTo(words, chunk + 2, end / WORD)) continue
        const address = chunk * WORD
        for (let gc = 1; gc + 5 < limit; gc++)
            if (
                words[gc + 1 - 1] !== undefined &&
                words[gc + 1] === address &&
                words[gc + 5] !== 0
            )
                return gc * WORD
    }
    return undefined
}

/** @param gc what `findHeap` gave */
export function heapFigures(memory: Uint8Array, gc: number): HeapFigures {
    const words = view(memory)
    const chunk = words[gc / WORD + 1]! / WORD
    const end = words[chunk + 1]! / WORD
    const figures: HeapFigures = {
        size: (end - chunk - 2) * WORD,
        used: 0,
        free: 0,
        largestFree: 0,
        objects: 0,
        allocations: words[gc / WORD + 2]!,
    }
    for (let at = chunk + 2; at < end;) {
        const header = words[at]!
        const bytes = (header & 0xffffff) * WORD
        if (((header >>> 24) & 0xf) === FREE) {
            figures.free += bytes
            figures.largestFree = Math.max(figures.largestFree, bytes)
        } else {
            figures.used += bytes
            figures.objects++
        }
        at += header & 0xffffff
    }
    return figures
}

function view(memory: Uint8Array): Uint32Array {
    return new Uint32Array(
        memory.buffer,
        memory.byteOffset,
        memory.byteLength >> 2
    )
}

function leadsTo(words: Uint32Array, from: number, end: number): boolean {
    let at = from
    while (at < end) {
        const size = words[at]! & 0xffffff
        if (size === 0) return false
        at += size
    }
    return at === end
}
