// Asks whether something listens at a broker's address, before a node is started for it. Only opens a TCP connection and
// closes it: it speaks no MQTT and knows no credentials.
import { connect } from "node:net"
import { hostPort, type BrokerAddress } from "./broker-url"
import { UserError } from "./errors"

/** ms to wait for the connection: a broker across the world answers in one, one that is filtered never does. */
export const REACH_MS = 5_000

/**
 * @param limits `ms` to wait, REACH_MS unless told; `signal` ends the wait early
 * @returns undefined when the connection was made, else the reason in words
 */
export function unreachable(
    host: string,
    port: number,
    limits: { ms?: number; signal?: AbortSignal } = {}
): Promise<string | undefined> {
    const { ms = REACH_MS, signal } = limits
    return new Promise(resolve => {
        const socket = connect({ host, port })
        const timer = setTimeout(() => done(`no answer in ${ms / 1_000} s`), ms)
        const aborted = () => done("interrupted")
        const done = (reason: string | undefined) => {
            clearTimeout(timer)
            signal?.removeEventListener("abort", aborted)
            socket.destroy()
            resolve(reason)
        }
        signal?.addEventListener("abort", aborted)
        socket.once("connect", () => done(undefined))
        // Stays for the life of the socket: an error after the answer must not end the process.
        socket.on("error", (error: NodeJS.ErrnoException) =>
            done(REASONS.get(error.code ?? "") ?? error.code ?? error.message)
        )
    })
}

/** @throws {UserError} when nothing answers at the broker that --broker names; an end by the signal is none */
export async function reach(
    broker: BrokerAddress,
    signal: AbortSignal
): Promise<void> {
    const reason = await unreachable(broker.host, broker.port, { signal })
    if (reason === undefined || signal.aborted) return
    throw new UserError(
        `the broker at ${hostPort(broker)} cannot be reached: ${reason}; start it, or correct --broker, or leave --broker out for the embedded one`
    )
}

const REASONS = new Map([
    ["ECONNREFUSED", "connection refused, nothing listens there"],
    ["ECONNRESET", "the connection was reset"],
    ["ENOTFOUND", "no such host name"],
    ["EAI_AGAIN", "the name service does not answer"],
    ["EHOSTUNREACH", "no route to the host"],
    ["ENETUNREACH", "no route to its network"],
    ["ETIMEDOUT", "no answer"],
])
