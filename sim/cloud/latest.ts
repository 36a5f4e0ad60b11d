// The latest of each topic, as long as there is room: of more topics, or more bytes, those that were silent for longest are
// forgotten. Knows nothing of what is kept.
import { MAX_LATEST, MAX_LATEST_BYTES } from "./limits"

export class Latest<T> {
    /** By topic, the one that was heard of last at the end. */
    #kept = new Map<string, { item: T; bytes: number }>()
    #bytes = 0

    constructor(
        private readonly maxTopics = MAX_LATEST,
        private readonly maxBytes = MAX_LATEST_BYTES
    ) {}

    /** @param bytes what `item` takes, without its topic */
    set(topic: string, item: T, bytes: number): void {
        this.#forget(topic)
        const cost = bytes + Buffer.byteLength(topic)
        this.#kept.set(topic, { item, bytes: cost })
        this.#bytes += cost
        for (const oldest of this.#kept.keys()) {
            const fits =
                this.#kept.size <= this.maxTopics &&
                this.#bytes <= this.maxBytes
            if (fits) return
            this.#forget(oldest)
        }
    }

    /** One for each topic, the one that was heard of last at the end. */
    items(): T[] {
        return [...this.#kept.values()].map(({ item }) => item)
    }

    #forget(topic: string): void {
        this.#bytes -= this.#kept.get(topic)?.bytes ?? 0
        this.#kept.delete(topic)
    }
}
