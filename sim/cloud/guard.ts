// Who may ask: the names this server answers to, the site a browser's request comes from, and the token. Pure but for random
// ids and the clock it is given. Never gives a token back, in no answer and no error.
import { createHash, randomBytes, timingSafeEqual } from "node:crypto"
import { MAX_SESSIONS, SESSION_MS } from "./limits"

/** What of a request decides. Names as Node.js gives them, in lower case. */
export interface Asking {
    headers: {
        host?: string
        origin?: string
        authorization?: string
        cookie?: string
        "sec-fetch-site"?: string | string[]
    }
}

/** The names of this machine on its loopback interface. */
const LOOPBACK_NAMES = new Set(["127.0.0.1", "localhost", "[::1]"])

const COOKIE = "page_session"

/**
 * Why a request is not for this server, or undefined when it is.
 *
 * On the loopback interface everything a browser on this machine shows can send requests here. So the `Host` must be a name of
 * this machine, or else a foreign name could be made to resolve to it and be the "same site" (DNS rebinding); and what says that it
 * comes from another site is refused. Where there is a token it does the first of these, whatever the name: a foreign page has no cookie.
 * @param namesOnly whether the `Host` must be a name of this machine
 */
export function foreign(
    { headers }: Asking,
    namesOnly: boolean
): string | undefined {
    const host = headers.host ?? ""
    if (namesOnly && !LOOPBACK_NAMES.has(host.replace(/:\d+$/, "")))
        return "this server answers to 127.0.0.1 and localhost only"
    const { origin } = headers
    if (origin !== undefined && !ownOrigin(origin, host))
        return "requests from other sites are refused"
    if (headers["sec-fetch-site"] === "cross-site")
        return "requests from other sites are refused"
    return undefined
}

function ownOrigin(origin: string, host: string): boolean {
    // Behind a proxy that does TLS the page is https and this server is not.
    return origin === `http://${host}` || origin === `https://${host}`
}

/** The token, and the browsers that have given it. */
export class Gate {
    #token: Buffer | undefined
    #now: () => number
    /** When each session ends, oldest first. */
    #sessions = new Map<string, number>()

    /** @param token undefined: everybody may */
    constructor(token: string | undefined, now: () => number = Date.now) {
        this.#token = token === undefined ? undefined : digest(token)
        this.#now = now
    }

    get required(): boolean {
        return this.#token !== undefined
    }

    /** Whether the request may see and do what there is. */
    open({ headers }: Asking): boolean {
        if (this.#token === undefined) return true
        const bearer = bearerOf(headers)
        if (bearer !== undefined) return this.#right(bearer)
        const session = sessionOf(headers.cookie)
        if (session === undefined) return false
        const ends = this.#sessions.get(session)
        return ends !== undefined && ends > this.#now()
    }

    /** What a request that open() refuses should do. It repeats nothing of it and tells only what its sender knows. */
    refusal({ headers }: Asking): string {
        if (bearerOf(headers) !== undefined)
            return "the token in Authorization: Bearer is not the one of this server"
        if (headers.authorization !== undefined)
            return "Authorization is not understood: send Authorization: Bearer <token>"
        if (sessionOf(headers.cookie) !== undefined)
            return "the session is over or unknown: give the token again"
        return "this server asks for a token: send Authorization: Bearer <token>"
    }

    /** Exchanges the token for a cookie. @returns undefined when it is wrong */
    enter(token: string): string | undefined {
        if (this.#token === undefined || !this.#right(token)) return undefined
        for (const [session, ends] of this.#sessions) {
            if (this.#sessions.size < MAX_SESSIONS && ends > this.#now()) break
            this.#sessions.delete(session)
        }
        const session = randomBytes(32).toString("base64url")
        this.#sessions.set(session, this.#now() + SESSION_MS)
        return cookie(session, SESSION_MS / 1_000)
    }

    /** Ends the request's session. @returns a cookie that takes the old one's place and is over */
    leave({ headers }: Asking): string {
        const session = sessionOf(headers.cookie)
        if (session !== undefined) this.#sessions.delete(session)
        return cookie("", 0)
    }

    #right(token: string): boolean {
        // Digests have one length, so the comparison tells nothing of the token's.
        return (
            this.#token !== undefined &&
            timingSafeEqual(digest(token), this.#token)
        )
    }
}

function digest(text: string): Buffer {
    return createHash("sha256").update(text).digest()
}

/** No `Secure`: this server speaks HTTP; a proxy in front of it that does TLS can add it. */
function cookie(session: string, seconds: number): string {
    return `${COOKIE}=${session}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict`
}

function bearerOf({ authorization }: Asking["headers"]): string | undefined {
    return /^bearer +(\S+)$/i.exec(authorization ?? "")?.[1]
}

function sessionOf(header: string | undefined): string | undefined {
    for (const part of (header ?? "").split(";")) {
        const [name, value] = part.trim().split("=", 2)
        if (name === COOKIE && value) return value
    }
    return undefined
}
