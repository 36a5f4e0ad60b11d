// The raw view: the last messages that passed, whatever their topic, the latest of each topic, and new ones for those who watch
// a filter, at a rate a person can follow. Knows nothing of what the messages mean.
import { matches } from "../../src/mqtt/topic"
import { Latest } from "./latest"
import {
    MAX_LATEST_REPLAY,
    MAX_MESSAGES,
    MAX_RECENT,
    MAX_REPLAY,
    MAX_SHOWN,
} from "./limits"
import type { Message } from "./live"
import { iso } from "./shapes"

/** A message as it is shown: text where it is text, cut where it is long. */
interface Shown {
    bytes: Buffer
    data: {
        topic: string
        payload: string
        encoding: "utf8" | "base64"
        size: number
        truncated: boolean
        at: string
        retain: boolean
        qos: number
    }
}

export interface Watcher {
    /** What was there before, oldest first; called once, before all others. */
    begin(data: Shown["data"][]): void
    message(data: Shown["data"]): void
    /** So many were left out since the last time. */
    dropped(count: number): void
}

interface Watching {
    filter: Buffer
    watcher: Watcher
    /** Messages of this second. */
    sent: number
    dropped: number
}

export class Raw {
    #recent: Shown[] = []
    #latest = new Latest<Shown>()
    #watching = new Set<Watching>()
    #second: NodeJS.Timeout | undefined

    take(message: Message): void {
        const shown = show(message)
        this.#recent.push(shown)
        if (this.#recent.length > MAX_RECENT) this.#recent.shift()
        this.#latest.set(message.topic, shown, shown.data.payload.length)
        for (const watching of this.#watching) {
            if (!matches(watching.filter, shown.bytes)) continue
            if (watching.sent < MAX_MESSAGES) {
                watching.sent++
                watching.watcher.message(shown.data)
            } else watching.dropped++
        }
    }

    /**
     * Tells `watcher` of the last matching messages and of new ones.
     * @param latest whether it begins with the latest of each topic instead of the last ones
     * @returns what ends it
     */
    watch(filter: string, latest: boolean, watcher: Watcher): () => void {
        const bytes = Buffer.from(filter)
        const seen = (latest ? this.#latest.items() : this.#recent)
            .filter(shown => matches(bytes, shown.bytes))
            .slice(latest ? -MAX_LATEST_REPLAY : -MAX_REPLAY)
        watcher.begin(seen.map(({ data }) => data))
        const watching = { filter: bytes, watcher, sent: 0, dropped: 0 }
        this.#watching.add(watching)
        this.#second ??= setInterval(() => this.#newSecond(), 1_000)
        return () => {
            this.#watching.delete(watching)
            if (this.#watching.size === 0) this.stop()
        }
    }

    stop(): void {
        clearInterval(this.#second)
        this.#second = undefined
    }

    #newSecond(): void {
        for (const watching of this.#watching) {
            watching.sent = 0
            if (watching.dropped === 0) continue
            watching.watcher.dropped(watching.dropped)
            watching.dropped = 0
        }
    }
}

function show({ topic, payload, retain, qos, at }: Message): Shown {
    const { text, encoding } = readable(payload.subarray(0, MAX_SHOWN))
    return {
        bytes: Buffer.from(topic),
        data: {
            topic,
            payload: text,
            encoding,
            size: payload.length,
            truncated: payload.length > MAX_SHOWN,
            at: iso(at),
            retain,
            qos,
        },
    }
}

function readable(bytes: Uint8Array): {
    text: string
    encoding: "utf8" | "base64"
} {
    // The cut may have gone through a character of up to four bytes: then the text without its last piece is text.
    for (let cut = 0; cut < 4; cut++) {
        try {
            const piece = bytes.subarray(0, bytes.length - cut)
            const text = new TextDecoder("utf-8", {
                fatal: true,
                ignoreBOM: true,
            }).decode(piece)
            return { text, encoding: "utf8" }
        } catch {
            if (bytes.length < MAX_SHOWN) break
        }
    }
    return { text: Buffer.from(bytes).toString("base64"), encoding: "base64" }
}
