// Who uses the page and with what: a keyboard, a screen reader, a phone, by night, with a token, with many devices.
import axe from "axe-core"
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
import { actuator, at, sensor, Stand, strip, value } from "./page-stand"

const TOKEN = "correct-horse-battery"
const DESKTOP = { width: 1280, height: 900 }
const PHONE = { width: 320, height: 640 }

let browser: Browser
let stand: Stand
let visit: Visit

/** A device of each kind, each with something to see. */
async function fill(): Promise<void> {
    const { client } = stand
    await client.publish("devices/DEN/status", "up", true)
    for (const n of [1, 2, 3]) await stand.reading("DEN", "TC", 20 + n)
    await stand.reading(
        "DEN",
        "NOTE",
        "a text, and a rather long one to show how it is wrapped on a phone"
    )
    await client.publish("devices/DEN/actuators/FAN/state", '{"value":true}')
    await client.publish("devices/DEN/actuators/VALVE/state", '{"value":35}')
    await client.publish(
        "devices/DEN/diagnostics",
        '{"boot":12,"sensors":{"TC":{"state":"fault:nan","s":3}}}'
    )
    await client.publish("devices/SHED/status", "down", true)
    await stand.reading("SHED", "TC", 1, { timestamp: "2026-01-01T00:00:00Z" })
    await client.publish("devices/POND/status", "sleeping", true)
    await stand.reading("POND", "TC", 2)
}

describeWithBrowser("the page", () => {
    beforeAll(async () => {
        browser = await startBrowser()
        stand = await Stand.start()
        visit = await Visit.to(browser, "about:blank")
        await fill()
    })
    afterAll(async () => {
        await browser?.close()
        await stand?.stop()
    })

    beforeEach(async () => {
        await visit.page.setViewportSize(DESKTOP)
        await visit.page.emulateMedia({ colorScheme: "light" })
        await visit.go(stand.cloud.url)
        await visit.text("#link", /^live$/)
        await visit.text(value("DEN", "TC"), /^2\d$/)
    })
    afterEach(() => {
        expect(visit.complaints).toEqual([])
    })

    test("has nothing for an accessibility checker to complain of, by day, by night, on a phone, among the topics", async () => {
        const { page } = visit
        // By the browser's own door: the page's policy lets no script in.
        await page.evaluate(axe.source)
        const violations = () =>
            page.evaluate(async () => {
                const checker = (window as unknown as { axe: typeof axe }).axe
                const found = await checker.run()
                return found.violations.map(
                    v => `${v.id}: ${v.nodes.map(n => n.html).join(" ")}`
                )
            })
        expect(await violations()).toEqual([])
        await page.emulateMedia({ colorScheme: "dark" })
        expect(await violations()).toEqual([])
        await page.getByRole("link", { name: "Topics", exact: true }).click()
        await visit.text(".payload", /^up$/)
        expect(await violations()).toEqual([])
        await page.setViewportSize(PHONE)
        expect(await violations()).toEqual([])
        await page.getByRole("link", { name: "Devices", exact: true }).click()
        expect(await violations()).toEqual([])
    })

    test("is used with the keyboard alone: a switch, and the plots point by point", async () => {
        const { page } = visit
        await page.keyboard.press("Tab")
        expect(
            await page.evaluate(() => document.activeElement?.textContent)
        ).toMatch(/^Skip/)
        const slider = page.locator(`${at("DEN")} [role=slider]`)
        await slider.focus()
        await page.keyboard.press("ArrowLeft")
        const before = await slider.getAttribute("aria-valuetext")
        expect(before).toMatch(/^\d\d:\d\d:\d\d: NOTE nothing, TC nothing$/)
        await page.keyboard.press("End")
        expect(await slider.getAttribute("aria-valuetext")).toMatch(/TC 23$/)
        await page.keyboard.press("Escape")
        expect(await slider.getAttribute("aria-valuetext")).toBe("now")
        await page.getByRole("switch", { name: "FAN" }).focus()
        await page.keyboard.press("Space")
        await visit.text(
            `${actuator("DEN", "FAN")} .note`,
            /^off was asked for, waiting/
        )
        expect(
            stand.client.on("devices/DEN/actuators/FAN/value").at(-1)?.payload
        ).toBe('{"value":false}')
        await stand.client.publish(
            "devices/DEN/actuators/FAN/state",
            '{"value":false}'
        )
        await visit.text("#voice", /^DEN: FAN is off$/)
    })

    test("sends a number to an actuator of numbers, and refuses what is none with a word why", async () => {
        const input = visit.page.getByRole("textbox", { name: "VALVE" })
        await input.fill("much")
        await input.press("Enter")
        await visit.text(
            `${actuator("DEN", "VALVE")} .note`,
            /^much is not a number$/
        )
        expect(stand.client.on("devices/DEN/actuators/VALVE/value")).toEqual([])
        await input.fill("40.5")
        await input.press("Enter")
        await visit.text(
            `${actuator("DEN", "VALVE")} .note`,
            /^40.5 was asked for, waiting/
        )
        expect(
            stand.client
                .on("devices/DEN/actuators/VALVE/value")
                .map(m => m.payload)
        ).toEqual(['{"value":40.5}'])
    })

    test("takes a name and a unit for a sensor, and shows them to everybody at once", async () => {
        const other = await Visit.to(browser, stand.cloud.url)
        await visit.text(value("POND", "TC"), /^2$/)
        await visit.page.locator(`${sensor("POND", "TC")} .edit`).click()
        await visit.page.getByLabel("Name", { exact: true }).fill("water")
        await visit.page
            .getByLabel("Unit", { exact: true })
            .fill("DegreeCelsius")
        await visit.page.getByRole("button", { name: "Save" }).click()
        for (const seen of [visit, other]) {
            await seen.text(`${sensor("POND", "TC")} h3`, /^water$/)
            await seen.text(`${sensor("POND", "TC")} .unit`, /°C$/)
        }
        await other.close()
    })

    test("fits a phone of 320 px without scrolling sideways, with targets a thumb can hit", async () => {
        const { page } = visit
        await page.setViewportSize(PHONE)
        for (const view of ["Devices", "Topics"]) {
            await page.getByRole("link", { name: view, exact: true }).click()
            if (view === "Topics") await visit.text(".payload", /^up$/)
            const { wide, small } = await page.evaluate(() => ({
                wide: document.documentElement.scrollWidth,
                small: [
                    ...document.querySelectorAll<HTMLElement>(
                        "button, input, summary, nav a"
                    ),
                ]
                    .filter(e => e.checkVisibility() && e.offsetWidth > 0)
                    .filter(e => e.getBoundingClientRect().height < 24)
                    .map(e => e.outerHTML),
            }))
            expect(wide).toBe(PHONE.width)
            expect(small).toEqual([])
        }
    })

    test.each([320, 390, 1280])(
        "shows long texts in full or says the rest in a title, and squeezes no name, at %i px",
        async width => {
            const { page } = visit
            await page.setViewportSize({ width, height: 844 })
            const texts = {
                URL: `https://example.com/${"path/".repeat(7)}a.bin`,
                SOLID: "x".repeat(80),
                WORDS: "word ".repeat(60),
            }
            const taken = { timestamp: "2026-01-01T00:00:00Z" }
            for (const [id, text] of Object.entries(texts)) {
                await stand.reading("WIDE", id, text, taken)
                await visit.text(value("WIDE", id), /./)
                const found = page.locator(value("WIDE", id))
                const shown = await found.textContent()
                expect(text.startsWith(shown!.replace("…", ""))).toBe(true)
                expect(await found.getAttribute("title")).toBe(
                    shown === text ? null : text
                )
            }
            await visit.text(`${sensor("WIDE", "URL")} .age`, /^stale, /)
            const rows = await page
                .locator(`${at("WIDE")} .sensor`)
                .evaluateAll(elements =>
                    elements.map(element => {
                        const box = (css: string) =>
                            element.querySelector(css)!.getBoundingClientRect()
                        const { top, bottom, right } = box(".figure")
                        const name = box("h3")
                        return {
                            height: element.getBoundingClientRect().height,
                            name: name.height,
                            age: box(".age").height,
                            apart: bottom <= name.top || top >= name.bottom,
                            inside: right <= document.body.clientWidth,
                        }
                    })
                )
            expect(rows).toHaveLength(3)
            for (const { height, name, age, apart, inside } of rows) {
                // One line of 14 px, and one of 13 px.
                expect(Math.max(name, age)).toBeLessThan(24)
                expect(height).toBeLessThan(200)
                expect([apart, inside]).toEqual([true, true])
            }
        }
    )

    test("comes back by itself after the server's restart, with all that came meanwhile", async () => {
        await stand.restartCloud()
        await stand.reading("DEN", "TC", 30)
        await stand.reading("DEN", "TC", 24)
        await visit.text(value("DEN", "TC"), /^24$/, 10_000)
        await visit.attribute(
            strip("DEN", "TC"),
            "aria-label",
            /^TC, last hour: \d+ to 30/
        )
        await visit.text("#link", /^live$/)
        // The browser's own word on the connections that were refused meanwhile.
        visit.complaints.length = 0
    })

    test("folds devices when there are many, and finds one by its name", async () => {
        for (let n = 0; n < 40; n++) await stand.reading(`N${n}`, "TC", n)
        await visit.go(stand.cloud.url)
        await visit.text(`${at("N7")} .summary`, /^TC 7$/)
        expect(await visit.page.locator(".body:visible").count()).toBe(0)
        await visit.page.getByLabel("Find a device").fill("n17")
        expect(
            await visit.page.locator(".device:visible h2").allTextContents()
        ).toEqual(["N17"])
        await visit.page.getByRole("button", { name: "N17" }).click()
        await visit.text(value("N17", "TC"), /^17$/)
    })
})

describeWithBrowser("the page of a server with a token", () => {
    beforeAll(async () => {
        browser = await startBrowser()
        stand = await Stand.start({ token: TOKEN })
        await stand.reading("SAFE", "TC", 7)
    })
    afterAll(async () => {
        await browser?.close()
        await stand?.stop()
    })

    test("asks for it, refuses another one, shows nothing before, and keeps the token in no place a script can read", async () => {
        const visit = await Visit.to(browser, stand.cloud.url)
        const { page } = visit
        const dialog = page.getByRole("dialog", {
            name: "This server asks for a token",
        })
        await dialog.getByLabel("Token").fill("wrong-wrong-wrong-wrong")
        await dialog.getByRole("button", { name: "Go on" }).click()
        await visit.text("#token-fault", /^That is not the token\.$/)
        expect(await page.locator(".device").count()).toBe(0)
        await dialog.getByLabel("Token").fill(TOKEN)
        await dialog.getByRole("button", { name: "Go on" }).click()
        await visit.text(value("SAFE", "TC"), /^7$/)
        const kept = await page.evaluate(
            () => document.cookie + JSON.stringify(localStorage) + location.href
        )
        expect(kept).not.toContain(TOKEN)
        await page.reload()
        await visit.text(value("SAFE", "TC"), /^7$/)
        await visit.close()
    })
})
