// @ts-check
// The raw view: what passes on the topics that a filter matches, as the latest message of each topic or as they come.
// Opens a stream of its own while it is looked at. Everything in a message is text.

import { filterFault, messagesPath } from "./api.js"
import { html, say, set } from "./dom.js"
import { clock, count, cut } from "./format.js"
import { filterMistake } from "./filter.js"
import { Stream } from "./stream.js"

/**
 * @typedef {object} Message
 * @property {string} topic
 * @property {string} payload
 * @property {"utf8" | "base64"} encoding
 * @property {number} size
 * @property {boolean} truncated
 * @property {string} at
 * @property {boolean} retain
 * @property {number} qos
 *
 * @typedef {{ row: HTMLTableRowElement, seen: number }} Line
 */

/** Rows shown; the oldest go. A person reads no more, and a page stays quick. */
const MAX_ROWS = 300

/** ms after the last key until a filter that is being typed is taken. */
const TYPING_MS = 400

/** Characters of a payload in a row. */
const MAX_PAYLOAD = 400

export class TopicsView {
    #form
    #input
    #fault
    #status
    #body
    #pause
    #each
    /** @type {Stream | undefined} */
    #stream = undefined
    /** Rows by what makes one: its topic, or its number. @type {Map<string, Line>} */
    #lines = new Map()
    /** @type {Message[]} waiting for the next frame */
    #waiting = []
    #frame = 0
    #total = 0
    #dropped = 0
    #paused = false
    #filter = ""
    /** @type {number | undefined} */
    #typing = undefined

    /**
     * @param {object} parts of index.html
     * @param {HTMLFormElement} parts.form
     * @param {HTMLInputElement} parts.input
     * @param {HTMLElement} parts.fault
     * @param {HTMLElement} parts.status
     * @param {HTMLTableSectionElement} parts.body
     * @param {HTMLButtonElement} parts.pause
     * @param {HTMLInputElement} parts.each checked: every message; else the latest of each topic
     */
    constructor({ form, input, fault, status, body, pause, each }) {
        this.#form = form
        this.#input = input
        this.#fault = fault
        this.#status = status
        this.#body = body
        this.#pause = pause
        this.#each = each
        form.addEventListener("submit", event => {
            event.preventDefault()
            this.#take()
        })
        input.addEventListener("input", () => {
            clearTimeout(this.#typing)
            this.#typing = window.setTimeout(() => this.#take(), TYPING_MS)
        })
        pause.addEventListener("click", () => this.#hold(!this.#paused))
        form.addEventListener("change", event => {
            if (event.target !== input) this.#open(this.#filter)
        })
    }

    /** Starts listening. @param {string} filter the first time; later what is in the box */
    show(filter) {
        if (this.#input.value === "") this.#input.value = filter
        this.#take()
    }

    hide() {
        clearTimeout(this.#typing)
        this.#stream?.stop()
        this.#stream = undefined
        this.#filter = ""
    }

    /** Takes the filter in the box, if it is one. */
    #take() {
        clearTimeout(this.#typing)
        const filter = this.#input.value.trim()
        const mistake = filterMistake(filter)
        this.#wrong(mistake)
        if (mistake === undefined && filter !== this.#filter) this.#open(filter)
    }

    /** @param {string | undefined} why */
    #wrong(why) {
        say(this.#fault, why ?? "")
        set(this.#input, "aria-invalid", why === undefined ? undefined : "true")
    }

    /** @param {string} filter */
    #open(filter) {
        this.#stream?.stop()
        this.#filter = filter
        this.#clear()
        this.#hold(false)
        this.#stream = new Stream(
            messagesPath(filter, !this.#each.checked),
            ["message", "dropped"],
            {
                event: (type, data) => this.#event(type, data),
                link: link => {
                    if (link === "open") this.#clear()
                    if (link === "lost")
                        say(this.#status, "no connection, trying again")
                },
                refused: async () => {
                    const fault = await filterFault(filter)
                    if (fault !== undefined) this.#wrong(fault)
                    return fault === undefined
                },
            }
        )
    }

    #clear() {
        this.#lines.clear()
        this.#waiting = []
        this.#total = 0
        this.#dropped = 0
        this.#body.replaceChildren()
        this.#count()
    }

    /** @param {string} type @param {unknown} data */
    #event(type, data) {
        if (type === "dropped")
            this.#dropped += /** @type {{ count: number }} */ (data).count
        else {
            this.#total++
            this.#waiting.push(/** @type {Message} */ (data))
            if (this.#waiting.length > MAX_ROWS) this.#waiting.shift()
        }
        if (this.#paused || this.#frame !== 0) return
        this.#frame = requestAnimationFrame(() => this.#flush())
    }

    #flush() {
        this.#frame = 0
        const messages = this.#waiting
        this.#waiting = []
        for (const message of messages) this.#add(message)
        while (this.#lines.size > MAX_ROWS) {
            const [key, line] = /** @type {[string, Line]} */ (
                this.#lines.entries().next().value
            )
            line.row.remove()
            this.#lines.delete(key)
        }
        this.#count()
    }

    /** @param {Message} message */
    #add(message) {
        const every = this.#each.checked
        const key = every ? String(this.#total + Math.random()) : message.topic
        const known = this.#lines.get(key)
        const seen = (known?.seen ?? 0) + 1
        const row = known?.row ?? html("tr")
        row.replaceChildren(...cells(message, every ? undefined : seen))
        // The oldest row is the first one of the map.
        this.#lines.delete(key)
        this.#lines.set(key, { row, seen })
        if (every) this.#body.prepend(row)
        else if (!known) this.#insert(row, message.topic)
    }

    /** By topic, so that a row stays where it is. @param {HTMLTableRowElement} row @param {string} topic */
    #insert(row, topic) {
        row.dataset["topic"] = topic
        const rows = /** @type {HTMLTableRowElement[]} */ ([
            ...this.#body.children,
        ])
        const next = rows.find(r => (r.dataset["topic"] ?? "") > topic)
        if (next) next.before(row)
        else this.#body.append(row)
    }

    #count() {
        const topics = this.#each.checked
            ? ""
            : ` on ${count(this.#lines.size, "topic")}`
        const left =
            this.#dropped > 0
                ? `, ${this.#dropped} more left out: over 100 a second`
                : ""
        say(
            this.#status,
            this.#total === 0
                ? "nothing yet"
                : `${count(this.#total, "message")}${topics}${left}`
        )
    }

    /** @param {boolean} paused */
    #hold(paused) {
        this.#paused = paused
        set(this.#pause, "aria-pressed", paused ? "true" : "false")
        say(this.#pause, paused ? "Go on" : "Pause")
        if (!paused) this.#flush()
    }
}

/** @param {Message} message @param {number | undefined} seen */
function cells(message, seen) {
    const { topic, payload, encoding, size, truncated, at, retain, qos } =
        message
    const short = cut(payload, MAX_PAYLOAD)
    const notes = [
        `QoS ${qos}`,
        ...(retain ? ["retained"] : []),
        ...(encoding === "base64" ? ["base64"] : []),
        ...(truncated || short !== payload ? [`${size} bytes`] : []),
        ...(seen !== undefined && seen > 1 ? [`${seen} times`] : []),
    ]
    return [
        html("td", { class: "at" }, clock(Date.parse(at))),
        html("th", { scope: "row", class: "topic" }, topic),
        html("td", { class: "payload" }, short),
        html("td", { class: "notes" }, notes.join(", ")),
    ]
}
