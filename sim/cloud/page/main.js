// @ts-check
// The page as a whole: one stream of events into one store, a view for each device, the two views of the page, and what
// is said at its head. Draws at most once a frame, and once a second for what ages.

import { eventsPath, session } from "./api.js"
import { NamesDialog, TokenDialog } from "./dialogs.js"
import { byId, html, say, set } from "./dom.js"
import { DeviceView, presenceText } from "./device-view.js"
import { clock, count } from "./format.js"
import { Store } from "./store.js"
import { Stream } from "./stream.js"
import { TopicsView } from "./topics-view.js"

/**
 * @typedef {import("./store.js").News} News
 * @typedef {import("./sensor-view.js").Frame} Frame
 * @typedef {import("./stream.js").Link} Link
 */

const EVENTS = [
    "overview",
    "value",
    "presence",
    "actuator",
    "diagnostics",
    "names",
    "broker",
]

/** How much time the strips show. @type {Map<string, Frame>} */
const FRAMES = new Map([
    ["minutes", { span: 600_000, name: "10 minutes" }],
    ["hour", { span: 3_600_000, name: "hour" }],
    ["day", { span: 86_400_000, name: "day" }],
])

/** Devices that are all unfolded; of more, a person unfolds those wanted. */
const UNFOLDED = 4

/** ms between two sentences to a screen reader; those between give way to the last one. */
const SPEAK_MS = 1_500

/** ms without a connection before it is said: a reload of the server takes less. */
const PATIENCE_MS = 1_200

const head = byId("summary", HTMLElement)
const link = byId("link", HTMLElement)
const alarm = byId("alarm", HTMLElement)
const voice = byId("voice", HTMLElement)
const list = byId("devices", HTMLElement)
const none = byId("none", HTMLElement)
const find = byId("find", HTMLInputElement)
const finder = byId("finder", HTMLElement)
const frames = byId("frames", HTMLFormElement)

/** @type {Map<string, DeviceView>} */
const views = new Map()
/** Views whose words are to be written in the next frame. @type {Set<DeviceView>} */
const dirty = new Set()
let frame = /** @type {Frame} */ (FRAMES.get("hour"))
let asked = 0
/** @type {Link} */
let state = "opening"
let lostAt = 0
let firstOverview = true

const names = new NamesDialog()
const token = new TokenDialog()
const store = new Store(told)
const seen = new IntersectionObserver(entries => {
    for (const { target, isIntersecting } of entries) {
        const id = target instanceof HTMLElement ? target.dataset["device"] : ""
        const view = views.get(id ?? "")
        if (!view || view.element !== target) continue
        view.visible = isIntersecting
        if (isIntersecting) view.refresh()
    }
})

/** @param {News} news */
function told({ what, device }) {
    if (what === "overview") overview()
    else if (what === "broker") banner()
    else if (device) {
        const view = views.get(device.id)
        if (!view) arrange()
        else if (what === "diagnostics" || what === "names") view.refresh()
        else later(view)
        if (what === "presence") {
            speak(
                `${device.name ?? device.id} is ${presenceText(device.presence.is)}`
            )
            heading()
        }
    }
}

function overview() {
    const first = firstOverview
    firstOverview = false
    for (const [id, view] of views) {
        if (store.devices.get(id) === view.device) continue
        seen.unobserve(view.element)
        view.element.remove()
        views.delete(id)
    }
    arrange()
    // What came while there was no connection is in the server's history only.
    if (!first) for (const view of views.values()) view.reload()
    banner()
}

/** A view for each device, in the order of their ids. */
function arrange() {
    const few = store.devices.size <= UNFOLDED
    /** @type {Element | null} */
    let before = null
    for (const device of [...store.devices.values()].reverse()) {
        let view = views.get(device.id)
        if (!view) {
            view = new DeviceView(device, {
                now: () => store.now(),
                frame: () => frame,
                announce: speak,
                edit: (whose, sensor) => names.ask(whose, sensor),
            })
            views.set(device.id, view)
            list.insertBefore(view.element, before)
            seen.observe(view.element)
            if (few) view.unfold(true)
            view.text()
        }
        before = view.element
    }
    none.hidden = store.devices.size > 0
    finder.hidden = few
    search()
    heading()
}

function search() {
    const wanted = finder.hidden ? "" : find.value.trim().toLowerCase()
    for (const { element, device } of views.values()) {
        const text = `${device.id} ${device.name ?? ""} ${device.presence.is}`
        element.hidden = !text.toLowerCase().includes(wanted)
    }
}

function heading() {
    /** @type {Map<string, number>} */
    const counts = new Map()
    for (const { presence } of store.devices.values())
        counts.set(presence.is, (counts.get(presence.is) ?? 0) + 1)
    const parts = ["up", "sleeping", "down", "unknown"]
        .filter(is => counts.has(is))
        .map(is => `${counts.get(is)} ${is}`)
    const total = count(store.devices.size, "device")
    say(head, parts.length > 0 ? `${total}: ${parts.join(", ")}` : total)
    const down = counts.get("down") ?? 0
    document.title = `${down > 0 ? `${down} down, ` : ""}${total} – sensor nodes`
}

/** Writes a view's words in the next frame, however many values come until then. @param {DeviceView} view */
function later(view) {
    dirty.add(view)
    if (asked !== 0) return
    asked = requestAnimationFrame(() => {
        asked = 0
        for (const changed of dirty) {
            if (!changed.open && !changed.visible) continue
            changed.text()
            changed.draw(true)
        }
        dirty.clear()
    })
}

/** What nobody tells, but time does: ages, stale values, the axes. */
function second() {
    for (const view of views.values()) {
        if (!view.visible) continue
        view.text()
        view.draw()
    }
    banner()
}

/** Whether what is shown is what is, and where that is not so, why. */
function banner() {
    const { broker } = store
    const lost = state === "lost" && Date.now() - lostAt > PATIENCE_MS
    let text = ""
    if (lost)
        text = `No connection to the server since ${clock(lostAt)}, trying again. What is shown is the last that was known.`
    else if (broker && !broker.connected)
        text = `The server has lost its broker, ${broker.url}, at ${clock(broker.since)}, and is trying again. What is shown is the last that was known.`
    say(alarm, text)
    alarm.hidden = text === ""
    set(document.body, "data-cut", text !== "")
    const ok = state === "open" && broker?.connected === true
    const word = ok ? "live" : state === "opening" ? "connecting" : "not live"
    say(link, word)
    set(link, "data-link", ok ? "live" : "lost")
    set(link, "title", broker?.url)
}

let lastSpoken = 0
/** @type {number | undefined} */
let speaking = undefined

/** Says it to a screen reader: changes of presence and answers of actuators, never values. @param {string} text */
function speak(text) {
    clearTimeout(speaking)
    const wait = Math.max(0, lastSpoken + SPEAK_MS - Date.now())
    speaking = window.setTimeout(() => {
        lastSpoken = Date.now()
        say(voice, text)
    }, wait)
}

const topics = new TopicsView({
    form: byId("filter-form", HTMLFormElement),
    input: byId("filter", HTMLInputElement),
    fault: byId("filter-fault", HTMLElement),
    status: byId("filter-status", HTMLElement),
    body: byId("messages", HTMLTableSectionElement),
    pause: byId("pause", HTMLButtonElement),
    each: byId("each", HTMLInputElement),
})

/** The view that the address names: #topics, or the devices. */
function route() {
    const raw = location.hash === "#topics"
    byId("devices-view", HTMLElement).hidden = raw
    byId("topics-view", HTMLElement).hidden = !raw
    set(
        byId("to-devices", HTMLAnchorElement),
        "aria-current",
        raw ? undefined : "page"
    )
    set(
        byId("to-topics", HTMLAnchorElement),
        "aria-current",
        raw ? "page" : undefined
    )
    if (raw) topics.show(store.topics)
    else topics.hide()
}

frames.addEventListener("change", () => {
    const chosen = new FormData(frames).get("frame")
    const next = typeof chosen === "string" ? FRAMES.get(chosen) : undefined
    if (!next) return
    frame = next
    for (const view of views.values()) view.reload()
})
find.addEventListener("input", search)
window.addEventListener("hashchange", route)
new ResizeObserver(() => {
    for (const view of views.values()) view.draw()
}).observe(list)

/** Streams begin when the server lets this browser in. */
async function start() {
    await admitted()
    new Stream(eventsPath(), EVENTS, {
        event: (type, data) => store.take(type, data),
        link: next => {
            if (next === "lost" && state !== "lost") lostAt = Date.now()
            // While it tries again, it is still lost.
            if (!(next === "opening" && state === "lost")) state = next
            banner()
        },
        refused: async () => {
            await admitted()
            return true
        },
    })
    route()
    setInterval(second, 1000)
}

/** @returns {Promise<void>} once there is a session, or none is asked for, or the server does not answer */
async function admitted() {
    try {
        const { required, open } = await session()
        if (required && !open) await token.ask()
    } catch {
        // No answer: the stream finds that out too, and tries again.
    }
}

if (!("EventSource" in window))
    list.append(html("p", {}, "This browser has no server-sent events."))
else void start()
