// The live page in a real browser, in front of a real broker: what a person sees when values come, devices go, brokers
// restart and somebody sends markup.
import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { promisify } from "node:util"
import type { Browser } from "playwright-core"
import {
    afterAll,
    afterEach,
    beforeAll,
    beforeEach,
    expect,
    test,
} from "vitest"
import { describeWithBrowser, startBrowser, Visit } from "../support/browser"
import { findServer } from "../support/server-process"
import { describeIf } from "../support/skip"
import { at, sensor, Stand, strip, value } from "./page-stand"

/** ms from publish to page that the issue allows. */
const SOON = 1_000
const HOSTILE = `<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>`

let browser: Browser
let stand: Stand
let visit: Visit

describeWithBrowser("the page", () => {
    beforeAll(async () => {
        browser = await startBrowser()
        visit = await Visit.to(browser, "about:blank")
    })
    afterAll(async () => {
        await browser?.close()
    })
    beforeEach(async () => {
        stand = await Stand.start()
        await visit.go(stand.cloud.url)
        await visit.text("#link", /^live$/)
    })
    afterEach(async () => {
        await stand.stop()
    })

    test("shows a value within 1 s of its publish, each of ten", async () => {
        const took: number[] = []
        for (let n = 0; n < 10; n++) {
            const from = performance.now()
            await stand.reading("KITCHEN", "TC", 20 + n)
            await visit.text(
                value("KITCHEN", "TC"),
                new RegExp(`^${20 + n}$`),
                SOON
            )
            took.push(performance.now() - from)
        }
        expect(Math.max(...took)).toBeLessThan(SOON)
        expect(visit.complaints).toEqual([])
    })

    describeIf(
        findServer("curl") !== undefined,
        "needs curl, on Debian: apt-get install curl"
    )("follows the documents", () => {
        test("the curl line of the course, with only the host changed, updates it by itself", async () => {
            const documented = readFileSync("docs/cloud-api.md", "utf8")
            const line = /^curl -X POST .*sensors\/TC\/value.*$/m.exec(
                documented
            )![0]
            expect(line).toContain(`-d "{ \\"value\\": 25}"`)
            const here = line.replace("http://127.0.0.1:8088/", stand.cloud.url)
            await promisify(execFile)("sh", ["-c", here])
            await visit.text(value("ESPDEVICE", "TC"), /^25$/, SOON)
        })
    })

    test("keeps the history when it is loaded again, with the late reading and the gap before it", async () => {
        const now = Date.now()
        const taken = (ms: number) => ({
            timestamp: new Date(now - ms).toISOString(),
        })
        await stand.reading("CELLAR", "TC", 11, taken(40 * 60_000))
        await stand.reading("CELLAR", "TC", 17, taken(2 * 60_000))
        await stand.reading("CELLAR", "TC", 14)
        const seen = /^TC, last hour: 11 to 17, 1 gap, 2 late readings$/
        await visit.attribute(strip("CELLAR", "TC"), "aria-label", seen)
        await visit.page.reload()
        await visit.text(value("CELLAR", "TC"), /^14$/)
        await visit.attribute(
            strip("CELLAR", "TC"),
            "aria-label",
            /^TC, last hour: 11 to 17, .*2 late readings$/
        )
        expect(
            await visit.page
                .locator(`${strip("CELLAR", "TC")} .late`)
                .getAttribute("d")
        ).toMatch(/^M.*M/)
        expect(
            await visit.page
                .locator(`${strip("CELLAR", "TC")} .gaps`)
                .getAttribute("d")
        ).toMatch(/^M/)
    })

    test("heals after a broker's restart without being loaded again, and says so meanwhile", async () => {
        await stand.reading("ATTIC", "TC", 1)
        await visit.text(value("ATTIC", "TC"), /^1$/)
        await visit.page.evaluate(() => Object.assign(window, { same: true }))
        await stand.stopBroker()
        await visit.text("#alarm", /^The server has lost its broker/)
        await visit.text("#link", /^not live$/)
        await stand.startBroker()
        await visit.text("#link", /^live$/, 10_000)
        expect(await visit.page.locator("#alarm").isHidden()).toBe(true)
        await stand.reading("ATTIC", "TC", 2)
        await visit.text(value("ATTIC", "TC"), /^2$/, SOON)
        expect(await visit.page.evaluate(() => "same" in window)).toBe(true)
    })

    test("shows what is hostile as text, and runs none of it", async () => {
        await stand.reading("PORCH", "TC", HOSTILE)
        await visit.text(value("PORCH", "TC"), /^<img src=x/)
        const put = await fetch(
            `${stand.cloud.url}api/v2/devices/PORCH/sensors/TC/name`,
            {
                method: "PUT",
                headers: { "content-type": "application/json" },
                body: JSON.stringify(HOSTILE.slice(0, 64)),
            }
        )
        expect(put.status).toBe(204)
        await visit.text(`${sensor("PORCH", "TC")} h3`, /^<img src=x/)
        await stand.client.publish(
            "devices/PORCH/diagnostics",
            JSON.stringify({ [HOSTILE]: HOSTILE })
        )
        await visit.page
            .getByText("What the device says of itself")
            .first()
            .click()
        await visit.text(`${at("PORCH")} dt`, /^<img src=x/)
        await visit.page.goto(`${stand.cloud.url}#topics`)
        await stand.client.publish(
            `devices/${HOSTILE}/sensors/X/value`,
            HOSTILE
        )
        await visit.text(".topic", /^devices\/<img src=x/)
        await visit.text(".payload", /^<img src=x/)
        expect(await visit.page.locator("main img, main script").count()).toBe(
            0
        )
        expect(await visit.page.evaluate(() => "pwned" in window)).toBe(false)
        expect(visit.complaints).toEqual([])
    })

    test("asks nobody but its server for anything, and breaks no rule of its Content-Security-Policy", async () => {
        await stand.reading("HALL", "TC", 20)
        await visit.text(value("HALL", "TC"), /^20$/)
        const elsewhere = visit.requests.filter(
            url => !url.startsWith(stand.cloud.url)
        )
        expect(elsewhere).toEqual([])
        expect(visit.requests.length).toBeGreaterThan(10)
        const reply = await fetch(stand.cloud.url)
        expect(reply.headers.get("content-security-policy")).toMatch(
            /default-src 'none'.*script-src 'self'/
        )
        expect(visit.complaints).toEqual([])
    })

    test("shows a value nobody has renewed as stale, and a fault of a sensor beside it", async () => {
        const taken = {
            timestamp: new Date(Date.now() - 20 * 60_000).toISOString(),
        }
        await stand.reading("BARN", "TC", 4, taken)
        await visit.text(
            `${sensor("BARN", "TC")} .age`,
            /^stale, 20 min ago, sent late$/
        )
        const style = await visit.page
            .locator(`${sensor("BARN", "TC")} .figure`)
            .evaluate(e => getComputedStyle(e).fontStyle)
        expect(style).toBe("italic")
        await stand.client.publish(
            "devices/BARN/diagnostics",
            '{"sensors":{"TC":{"state":"fault:range","s":3}}}'
        )
        await visit.text(
            `${sensor("BARN", "TC")} .fault`,
            /^out of range since /
        )
        await visit.attribute(strip("BARN", "TC"), "aria-label", /1 fault$/)
        await stand.reading("BARN", "TC", 5)
        await visit.text(`${sensor("BARN", "TC")} .age`, /^(now|\d s ago)$/)
    })

    test("shows no fault of a node that has just started, nor of a sensor that is not connected", async () => {
        const say = (uptime: number, state: string, s: number) =>
            stand.client.publish(
                "devices/LOFT/diagnostics",
                JSON.stringify({ uptime, sensors: { TC: { state, s } } })
            )
        const fault = `${sensor("LOFT", "TC")} .fault`
        const crosses = () =>
            visit.page.locator(`${strip("LOFT", "TC")} .crosses`)
        const mark = () =>
            visit.page
                .locator(fault)
                .evaluate(e => getComputedStyle(e, "::before").content)
        await say(0, "unbound", 0)
        await visit.text(fault, /^waiting for its first value$/)
        expect(await mark()).toBe("none")
        await stand.reading("LOFT", "TC", 4)
        await visit.text(fault, /^$/)
        await visit.attribute(
            strip("LOFT", "TC"),
            "aria-label",
            /^TC, last hour: [^f]*$/
        )
        expect(await crosses().getAttribute("d")).toBe("")
        await say(3600, "unbound", 30)
        await visit.text(fault, /^not connected since /)
        expect([await mark(), await crosses().getAttribute("d")]).toEqual([
            "none",
            "",
        ])
        await say(3601, "fault:nan", 0)
        await visit.text(fault, /^no number since /)
        expect(await mark()).toBe('"× "')
        await visit.attribute(strip("LOFT", "TC"), "aria-label", /, 1 fault$/)
    })
})

describeWithBrowser("the raw topics", () => {
    beforeAll(async () => {
        browser = await startBrowser()
        stand = await Stand.start()
        visit = await Visit.to(browser, `${stand.cloud.url}#topics`)
    })
    afterAll(async () => {
        await browser?.close()
        await stand?.stop()
    })

    const rows = () => visit.page.locator(".messages .topic").allTextContents()

    test("are those of a filter with + and #", async () => {
        const filter = visit.page.getByLabel("Topic filter")
        await filter.fill("devices/+/sensors/#")
        await filter.press("Enter")
        await visit.text("#filter-status", /^nothing yet$/)
        await stand.client.publish("devices/A/status", "up")
        await stand.reading("A", "TC", 1)
        await stand.reading("B", "TC", 2)
        await visit.text(".payload", /^\{"value":2\}$/)
        expect(await rows()).toEqual([
            "devices/A/sensors/TC/value",
            "devices/B/sensors/TC/value",
        ])
        await filter.fill("devices/A/+")
        await filter.press("Enter")
        await visit.text(".payload", /^up$/)
        expect(await rows()).toEqual(["devices/A/status"])
    })

    test("are left as they are by what is no filter, and the page says why it is none", async () => {
        const filter = visit.page.getByLabel("Topic filter")
        await filter.fill("devices/A/+")
        await visit.text(".payload", /^up$/)
        await filter.fill("devices/#/value")
        await visit.text("#filter-fault", /^# is the last level/)
        expect(await filter.getAttribute("aria-invalid")).toBe("true")
        expect(await rows()).toEqual(["devices/A/status"])
    })

    test("have the latest of each topic, also of those that a hundred messages on others came after", async () => {
        const { page } = visit
        await stand.client.publish("devices/Q/status", "up", true)
        for (let n = 0; n < 120; n++) await stand.reading("Q", "TC", n)
        // Answered when the server has heard it itself.
        await fetch(`${stand.cloud.url}api/v2/devices/Q/sensors/TC/value`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: '{"value":120}',
        })
        await page.getByLabel("Topic filter").fill("devices/Q/#")
        await visit.text("#filter-status", /^2 messages on 2 topics$/)
        expect(await rows()).toEqual([
            "devices/Q/sensors/TC/value",
            "devices/Q/status",
        ])
        await visit.text(".payload", /^\{"value":120\}$/)
    })

    test("come each on a row of its own when every message is asked for, and none while paused", async () => {
        await visit.page.getByLabel("every message").check({ force: true })
        const filter = visit.page.getByLabel("Topic filter")
        await filter.fill("devices/C/#")
        await filter.press("Enter")
        await visit.text("#filter-status", /^nothing yet$/)
        for (const n of [1, 2, 3]) await stand.reading("C", "TC", n)
        await visit.text("#filter-status", /^3 messages$/)
        const payloads = await visit.page.locator(".payload").allTextContents()
        expect(payloads).toEqual(['{"value":3}', '{"value":2}', '{"value":1}'])
        await visit.page.getByRole("button", { name: "Pause" }).click()
        await stand.reading("C", "TC", 4)
        await visit.page.getByRole("button", { name: "Go on" }).click()
        await visit.text("#filter-status", /^4 messages$/)
    })
})
