// Topic names and filters as a broker reads them (MQTT 3.1.1, section 4.7). Pure. Written apart from src/mqtt on
// purpose: the broker model is there to find the firmware's mistakes, not to share them.

/** Longest topic in bytes of UTF-8: its length is told in two bytes [MQTT-4.7.3-3]. */
const MAX_BYTES = 65_535

/** Why nothing can be published to `topic`, or undefined when it can. */
export function topicFault(topic: string): string | undefined {
    if (/[+#]/.test(topic)) return "wildcard in a topic name [MQTT-3.3.2-2]"
    return textFault(topic)
}

/** Why nobody can subscribe to `filter`, or undefined when one can. */
export function filterFault(filter: string): string | undefined {
    const levels = filter.split("/")
    const bad = levels.some(
        (level, i) =>
            level.length > 1
                ? /[+#]/.test(level) // a wildcard fills its level
                : level === "#" && i < levels.length - 1 // and # is the last
    )
    if (bad) return "misplaced wildcard [MQTT-4.7.1-2] [MQTT-4.7.1-3]"
    return textFault(filter)
}

function textFault(text: string): string | undefined {
    if (text === "") return "empty topic [MQTT-4.7.3-1]"
    const fault = utf8Fault(text)
    if (fault !== undefined) return fault
    if (Buffer.byteLength(text) > MAX_BYTES)
        return "topic of more than 65,535 bytes [MQTT-4.7.3-3]"
    return undefined
}

/**
 * Why a text that was received cannot be one, or undefined. Bytes that are no UTF-8 have become U+FFFD by now; one that
 * was sent as such is taken for them, since no device has it in a name.
 */
export function utf8Fault(text: string): string | undefined {
    if (text.includes("\0")) return "U+0000 in a text [MQTT-1.5.3-2]"
    if (text.includes("\ufffd")) return "ill-formed UTF-8 [MQTT-1.5.3-1]"
    return undefined
}

/** Whether a subscription to `filter` receives what is published to `topic`; both are valid. */
export function matches(filter: string, topic: string): boolean {
    // $SYS and its like are not for those who ask for everything [MQTT-4.7.2-1]
    if (topic.startsWith("$") && /^[+#]/.test(filter)) return false
    const wanted = filter.split("/")
    const levels = topic.split("/")
    for (const [i, level] of wanted.entries()) {
        // also the level above: a/# receives a
        if (level === "#") return true
        if (i >= levels.length) return false
        if (level !== "+" && level !== levels[i]) return false
    }
    return wanted.length === levels.length
}
