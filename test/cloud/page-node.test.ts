// The live page and a whole node: firmware in the VM, a broker, the cloud stand-in, a browser. What the page shows of it
// when its power is cut, and what a click does on its board.
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, expect, test } from "vitest"
import { board, TestNode } from "../node/rig"
import { describeWithBrowser, startBrowser, Visit } from "../support/browser"
import { actuator, at, Stand, value } from "./page-stand"

/** ms for the VM to start, bind its sensors and connect; it takes about 3 s. */
const START_MS = 15_000

let browser: Browser
let stand: Stand
let visit: Visit
let node: TestNode

describeWithBrowser("a node on the page", () => {
    beforeAll(async () => {
        stand = await Stand.start()
        browser = await startBrowser()
        visit = await Visit.to(browser, stand.cloud.url)
        node = await start()
    })
    afterAll(async () => {
        node?.cut()
        await browser?.close()
        await stand?.stop()
    })

    const start = () =>
        TestNode.start({
            program: board("boards/simulator.ts"),
            port: stand.broker.port,
        })
    const presence = `${at("ESPDEVICE")} .presence`

    test("is up, and its sensors have values that move with what they measure", async () => {
        await visit.text(presence, /^up for /, START_MS)
        await node.board.ready("temperature")
        node.board.sensor("temperature").set(31.25)
        await visit.text(value("ESPDEVICE", "TC"), /^31\.[23]$/, START_MS)
        await visit.text("#summary", /^1 device: 1 up$/)
    })

    test("does what a click on its control says, and the page shows the state only when the node has said it", async () => {
        await node.board.ready("relay")
        // The topics do not announce an actuator: the first command names it.
        await visit.page.getByText("Command another actuator").click()
        await visit.page.getByLabel("actuator", { exact: true }).fill("RELAY")
        await visit.page.getByLabel("value", { exact: true }).fill("true")
        await visit.page.getByRole("button", { name: "Send" }).click()
        const control = visit.page.getByRole("switch", { name: "RELAY" })
        await visit.attribute(
            `${actuator("ESPDEVICE", "RELAY")} .switch`,
            "aria-checked",
            /^true$/
        )
        expect(node.board.state("relay")).not.toBe(0)

        await control.click()
        await visit.attribute(
            `${actuator("ESPDEVICE", "RELAY")} .switch`,
            "aria-checked",
            /^false$/
        )
        await visit.text(
            `${actuator("ESPDEVICE", "RELAY")} .note`,
            /^acknowledged at .* after \d+ ms$/
        )
        expect(node.board.state("relay")).toBe(0)
        expect(
            stand.client
                .on("devices/ESPDEVICE/actuators/RELAY/state")
                .map(m => m.payload)
        ).toEqual(['{"value":true}', '{"value":false}'])
    })

    test("is down when its power is cut, up when it is back, and a command meanwhile is said to be unanswered", async () => {
        node.cut()
        await visit.text(presence, /^down for /)
        await visit.text("#voice", /^ESPDEVICE is down$/)
        await visit.page.getByRole("switch", { name: "RELAY" }).click()
        await visit.text(
            `${actuator("ESPDEVICE", "RELAY")} .note`,
            /^on was asked for, but the device is down$/
        )
        expect(
            await visit.page
                .getByRole("switch", { name: "RELAY" })
                .getAttribute("aria-checked")
        ).toBe("false")
        node = await start()
        await visit.text(presence, /^up for /, START_MS)
        expect(visit.complaints).toEqual([])
    })
})
