// The part of `start`'s options that is about the live page, from text to values. Pure: looks at no file, port or environment.
import { isIP } from "node:net"
import {
    DEFAULT_PAGE_PORT,
    DEFAULT_TOPICS,
    filterFault,
    isLoopback,
    MIN_TOKEN,
} from "../cloud/options"
import { UserError } from "./errors"

/** What commander hands over, and the token, which is never an option: others on the machine can read a command line. */
export interface RawPageOptions {
    page?: boolean
    pagePort?: string
    pageHost?: string
    pageTopics?: string
    pageHistory?: string
    pageToken?: string
}

export interface PageOptions {
    /** 0 is any free port. */
    port: number
    /** Any free port will do when it is taken: nobody asked for this one. */
    otherPort: boolean
    /** An IP address. */
    host: string
    topics: string
    /** A file, undefined for the default one, null for none. */
    history: string | undefined | null
    token?: string
}

const LOOPBACK = "127.0.0.1"
const NO_HISTORY = "none"
/** Printable characters without spaces, as an HTTP header can carry them. */
const TOKEN = /^[\x21-\x7e]+$/

/** @throws {UserError} that names the option, its value (but never a token) and what would be right */
export function parsePageOptions(
    raw: RawPageOptions,
    port: (option: string, text: string) => number
): PageOptions | undefined {
    if (raw.page === false) {
        const given = OPTIONS.find(([key]) => raw[key] !== undefined)
        if (given === undefined) return undefined
        throw new UserError(
            `--no-page and ${given[1]} exclude each other: leave one of them out`
        )
    }
    const host = hostOf(raw.pageHost)
    const token = tokenOf(raw.pageToken)
    if (!isLoopback(host) && token === undefined) {
        throw new UserError(
            `--page-host ${host}: other machines could reach the page, so it must ask for a token: set PAGE_TOKEN to ${MIN_TOKEN} or more characters in the environment (openssl rand -base64 24 makes one)`
        )
    }
    return {
        port:
            raw.pagePort === undefined
                ? DEFAULT_PAGE_PORT
                : port("--page-port", raw.pagePort),
        otherPort: raw.pagePort === undefined,
        host,
        topics: topicsOf(raw.pageTopics),
        history: historyOf(raw.pageHistory),
        token,
    }
}

const OPTIONS = [
    ["pagePort", "--page-port"],
    ["pageHost", "--page-host"],
    ["pageTopics", "--page-topics"],
    ["pageHistory", "--page-history"],
] as const

function hostOf(text: string | undefined): string {
    if (text === undefined || text === "localhost") return LOOPBACK
    if (isIP(text) === 0) {
        throw new UserError(
            `--page-host ${JSON.stringify(text.slice(0, 80))} is not an IP address: give one of this machine, or 0.0.0.0 for all of them`
        )
    }
    return text
}

function tokenOf(text: string | undefined): string | undefined {
    if (text === undefined || text === "") return undefined
    if (text.length < MIN_TOKEN) {
        throw new UserError(
            `PAGE_TOKEN in the environment has ${text.length} characters: it needs ${MIN_TOKEN} or more (openssl rand -base64 24 makes one)`
        )
    }
    if (!TOKEN.test(text)) {
        throw new UserError(
            "PAGE_TOKEN in the environment has a space or a character that is not printable ASCII: no HTTP header can carry it"
        )
    }
    return text
}

function topicsOf(text: string | undefined): string {
    if (text === undefined) return DEFAULT_TOPICS
    const fault = filterFault(text)
    if (fault !== undefined) {
        throw new UserError(
            `--page-topics ${JSON.stringify(text.slice(0, 80))} ${fault}: give an MQTT filter, for example ${DEFAULT_TOPICS}`
        )
    }
    return text
}

function historyOf(text: string | undefined): string | undefined | null {
    if (text === "")
        throw new UserError(
            `--page-history needs a file, or ${NO_HISTORY} to keep nothing after the end`
        )
    return text === NO_HISTORY ? null : text
}
