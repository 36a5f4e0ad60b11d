// What whoever starts the cloud stand-in has to know of its options before anything is loaded: defaults, and what is allowed.
// Pure, and light: it imports neither server nor database.
import { topicFilterFault } from "../../src/mqtt/topic"

export { DEFAULT_PAGE_PORT, MIN_TOKEN } from "./limits"

/** What is subscribed to unless told: all that devices say. */
export const DEFAULT_TOPICS = "devices/#"

/** Why `filter` is no MQTT filter, or undefined when it is one. */
export function filterFault(filter: string): string | undefined {
    return topicFilterFault(Buffer.from(filter))
}

/** Whether only this machine can reach a server that listens on that address. */
export function isLoopback(address: string): boolean {
    return /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address) || address === "::1"
}
