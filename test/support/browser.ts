// A real browser for a test: headless Chromium from the system's packages, driven through playwright-core, which brings no
// browser of its own. Keeps account of all that a page asks for and complains of. Without Chromium on the machine its
// tests are reported as skipped by name.
import {
    chromium,
    type Browser,
    type BrowserContextOptions,
    type Page,
} from "playwright-core"
import { findServer } from "./server-process"
import { describeIf } from "./skip"

/** As Debian, others and Google call it. */
const NAMES = ["chromium", "chromium-browser", "google-chrome"]

/** ms until it answers; on an idle machine it takes 1 s. */
const START_MS = 30_000

const binary = NAMES.map(name => findServer(name)).find(
    path => path !== undefined
)

export const browserAvailable = binary !== undefined

/** `describe` for suites that need a browser. */
export const describeWithBrowser = describeIf(
    browserAvailable,
    "needs chromium, on Debian: apt-get install chromium"
)

export async function startBrowser(): Promise<Browser> {
    if (binary === undefined) throw new Error("no Chromium on this machine")
    return await chromium.launch({
        executablePath: binary,
        timeout: START_MS,
        // Its sandbox wants rights that containers and root have not; it loads nothing here but the page of this project.
        args: ["--no-sandbox", "--disable-dev-shm-usage"],
    })
}

/** A page in a context of its own, which a test may lead from one address to another. */
export class Visit {
    /** Exceptions, errors on the console (a broken Content-Security-Policy is one), and dialogs. */
    readonly complaints: string[] = []
    /** URLs of everything it asked for. */
    readonly requests: string[] = []

    private constructor(readonly page: Page) {
        page.on("pageerror", error => this.complaints.push(String(error)))
        page.on("console", message => {
            if (message.type() === "error") this.complaints.push(message.text())
        })
        page.on("dialog", dialog => {
            this.complaints.push(`dialog ${dialog.message()}`)
            void dialog.dismiss()
        })
        page.on("request", request => this.requests.push(request.url()))
    }

    static async to(
        browser: Browser,
        url: string,
        options: BrowserContextOptions = {}
    ): Promise<Visit> {
        const context = await browser.newContext(options)
        const visit = new Visit(await context.newPage())
        visit.page.setDefaultTimeout(5_000)
        await visit.go(url)
        return visit
    }

    /** Loads a page anew, and forgets what was asked for and complained of before. */
    async go(url: string): Promise<void> {
        // An address that differs in its fragment only would not be loaded.
        await this.page.goto("about:blank")
        this.complaints.length = 0
        this.requests.length = 0
        await this.page.goto(url)
    }

    /** Waits until `selector` has text that matches, in the page itself, at each of its frames. */
    async text(
        selector: string,
        wanted: RegExp,
        limitMs = 5_000
    ): Promise<string> {
        try {
            const handle = await this.page.waitForFunction(
                ([css, source, flags]) => {
                    for (const element of document.querySelectorAll(css)) {
                        const text = element.textContent ?? ""
                        if (new RegExp(source, flags).test(text))
                            return { text }
                    }
                    return undefined
                },
                [selector, wanted.source, wanted.flags] as const,
                { timeout: limitMs, polling: "raf" }
            )
            return (await handle.jsonValue())!.text
        } catch (error) {
            const there = await this.page.locator(selector).allTextContents()
            throw new Error(
                `no ${selector} with ${wanted} within ${limitMs} ms; there are ${JSON.stringify(there)}`,
                { cause: error }
            )
        }
    }

    /** The same of an attribute. */
    async attribute(
        selector: string,
        name: string,
        wanted: RegExp,
        limitMs = 5_000
    ): Promise<string> {
        try {
            const handle = await this.page.waitForFunction(
                ([css, key, source]) => {
                    const text = document.querySelector(css)?.getAttribute(key)
                    return typeof text === "string" &&
                        new RegExp(source).test(text)
                        ? { text }
                        : undefined
                },
                [selector, name, wanted.source] as const,
                { timeout: limitMs, polling: "raf" }
            )
            return (await handle.jsonValue())!.text
        } catch (error) {
            const there = await this.page
                .locator(selector)
                .first()
                .getAttribute(name)
                .catch(() => "no such element")
            throw new Error(
                `${selector} has no ${name} with ${wanted} within ${limitMs} ms but ${there}`,
                { cause: error }
            )
        }
    }

    async close(): Promise<void> {
        await this.page.context().close()
    }
}
