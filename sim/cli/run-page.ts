// Opens the live page beside a node, and says in the command line's words what is wrong when it cannot. What the page is and
// does is in sim/cloud.
import { mkdirSync } from "node:fs"
import { resolve } from "node:path"
import { startCloud, type Cloud } from "../cloud"
import { isLoopback } from "../cloud/options"
import { PROJECT_ROOT } from "../vm/compile"
import { brokerName, type BrokerAddress } from "./broker-url"
import type { HostEvent } from "./report"
import type { PageOptions } from "./start-page"

/** Where histories lie unless told: one file a broker, in the project's folder, which git ignores. */
const FOLDER = ".history"

export interface PageSurroundings {
    broker: BrokerAddress
    embedded: boolean
    /** The folder a relative path of the history is in. */
    from: string
    report: (event: HostEvent) => void
    /** Told the page's name at the broker before it connects. */
    onClientId: (id: string) => void
}

/** @throws {ListenError} */
export async function openPage(
    options: PageOptions,
    { broker, embedded, from, report, onClientId }: PageSurroundings
): Promise<Cloud> {
    const cloud = await startCloud({
        broker: { ...broker, name: brokerName(broker), embedded },
        port: options.port,
        otherPort: options.otherPort,
        host: options.host,
        token: options.token,
        topics: options.topics,
        history: historyFile(options.history, broker, embedded, from),
        onClientId,
        onWarning: text => report({ event: "warning", text }),
    })
    report({ event: "page", url: cloud.url })
    if (!isLoopback(options.host))
        report({
            event: "warning",
            text: "other machines can reach the page, over HTTP: who can read the network can read the token; put a proxy that does TLS before it",
        })
    return cloud
}

/** The embedded broker is always the same one, whatever its port. */
function historyFile(
    history: PageOptions["history"],
    { host, port }: BrokerAddress,
    embedded: boolean,
    from: string
): string | undefined {
    if (history === null) return undefined
    if (history !== undefined) return resolve(from, history)
    const name = embedded
        ? "embedded"
        : `${host.replace(/[^A-Za-z0-9.-]/g, "_")}_${port}`
    const folder = resolve(PROJECT_ROOT, FOLDER)
    try {
        mkdirSync(folder, { recursive: true, mode: 0o700 })
    } catch {
        // a project that cannot be written to: the page then says that the file cannot be opened
    }
    return resolve(folder, `${name}.db`)
}
