// @ts-check
// One stream of server-sent events that heals by itself, and says whether it is there. Knows nothing of what is in it.

/** ms without a sign of life, counted from the first one that the server gave; it gives one every 15 s. */
const SILENCE_MS = 40_000

/** ms before a stream that the server ended or refused is opened again: doubled each time up to the second. */
const RETRY_MS = { first: 1_000, most: 30_000 }

/** ms a page nobody looks at keeps its streams: a browser has six connections to one server for all its tabs. */
const HIDDEN_MS = 60_000

/** @typedef {"opening" | "open" | "lost"} Link */

export class Stream {
    /** @type {EventSource | undefined} */
    #source = undefined
    #url
    #types
    #handlers
    /** @type {number | undefined} */
    #timer = undefined
    /** @type {number | undefined} */
    #watchdog = undefined
    /** @type {number | undefined} */
    #hiding = undefined
    #retry = RETRY_MS.first
    #pings = false
    #stopped = false
    #seen = () => this.#visibility()

    /**
     * @param {string} url
     * @param {readonly string[]} types of events
     * @param {object} handlers
     * @param {(type: string, data: unknown) => void} handlers.event
     * @param {(link: Link) => void} handlers.link
     * @param {() => Promise<boolean>} handlers.refused asked before a retry after the server refused; false ends it
     */
    constructor(url, types, handlers) {
        this.#url = url
        this.#types = types
        this.#handlers = handlers
        document.addEventListener("visibilitychange", this.#seen)
        this.#open()
    }

    stop() {
        this.#stopped = true
        document.removeEventListener("visibilitychange", this.#seen)
        clearTimeout(this.#hiding)
        this.#close()
    }

    #open() {
        this.#close()
        if (this.#stopped) return
        this.#handlers.link("opening")
        const source = new EventSource(this.#url)
        this.#source = source
        source.addEventListener("open", () => {
            this.#retry = RETRY_MS.first
            this.#alive()
            this.#handlers.link("open")
        })
        source.addEventListener("error", () => {
            this.#handlers.link("lost")
            // EventSource itself comes back after a lost connection, not after an answer that is no stream.
            if (source.readyState === EventSource.CLOSED) this.#later()
        })
        source.addEventListener("ping", () => {
            this.#pings = true
            this.#alive()
        })
        for (const type of this.#types) {
            source.addEventListener(type, event => {
                this.#alive()
                let data
                try {
                    data = JSON.parse(event.data)
                } catch {
                    // Half an event of a server that went away: what is missing comes with the next overview.
                    return
                }
                this.#handlers.event(type, data)
            })
        }
    }

    #later() {
        this.#close()
        this.#timer = window.setTimeout(async () => {
            if (await this.#handlers.refused()) this.#open()
        }, this.#retry)
        this.#retry = Math.min(2 * this.#retry, RETRY_MS.most)
    }

    #alive() {
        clearTimeout(this.#watchdog)
        if (!this.#pings) return
        this.#watchdog = window.setTimeout(() => {
            this.#handlers.link("lost")
            this.#open()
        }, SILENCE_MS)
    }

    #visibility() {
        clearTimeout(this.#hiding)
        if (document.hidden)
            this.#hiding = window.setTimeout(() => this.#close(), HIDDEN_MS)
        else if (!this.#source && !this.#timer) this.#open()
    }

    #close() {
        clearTimeout(this.#timer)
        clearTimeout(this.#watchdog)
        this.#timer = undefined
        this.#source?.close()
        this.#source = undefined
    }
}
