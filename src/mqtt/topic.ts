// Topic names and topic filters: what is valid, and which filter matches which name (section 4.7).
// Pure. Works on bytes: `/`, `+`, `#` and `$` are single bytes in UTF-8 and occur in no other character.

import { MAX_TOPIC } from "./packet"
import { isMqttText } from "./utf8"

const SLASH = 0x2f
const PLUS = 0x2b
const HASH = 0x23
const DOLLAR = 0x24

const TOO_LONG = "is longer than " + MAX_TOPIC + " bytes"

/**
 * Why `topic` is not a topic name that may be published to, or undefined when it is one.
 * At least one character, at most MAX_TOPIC bytes, well-formed, no wildcard
 * [MQTT-4.7.3-1] [MQTT-4.7.3-3] [MQTT-1.5.3-1] [MQTT-3.3.2-2].
 */
export function topicNameFault(topic: Buffer): string | undefined {
    if (topic.length === 0) return "is empty"
    if (topic.length > MAX_TOPIC) return TOO_LONG
    if (!isMqttText(topic, 0, topic.length))
        return "is not UTF-8 without U+0000"
    if (topic.indexOf(PLUS) >= 0 || topic.indexOf(HASH) >= 0)
        return "contains a wildcard, + or #"
    return undefined
}

/**
 * Why `filter` is not a topic filter that may be subscribed to, or undefined when it is one.
 * `#` only as the last level, `+` only as a whole level [MQTT-4.7.1-2] [MQTT-4.7.1-3].
 */
export function topicFilterFault(filter: Buffer): string | undefined {
    if (filter.length === 0) return "is empty"
    if (filter.length > MAX_TOPIC) return TOO_LONG
    if (!isMqttText(filter, 0, filter.length))
        return "is not UTF-8 without U+0000"
    for (let i = 0; i < filter.length; i++) {
        const c = filter[i]
        if (c !== PLUS && c !== HASH) continue
        if (i > 0 && filter[i - 1] !== SLASH)
            return "has a wildcard that is not a whole level"
        const last = i === filter.length - 1
        if (c === HASH && !last) return "has a # that is not its last character"
        if (c === PLUS && !last && filter[i + 1] !== SLASH)
            return "has a wildcard that is not a whole level"
    }
    return undefined
}

/**
 * Whether the topic name matches the filter, both valid. `+` stands for one level, `#` for all that
 * follow and for the level above them; neither matches a first level that begins with `$`
 * [MQTT-4.7.2-1]; nothing is normalised [MQTT-4.7.3-4].
 */
export function matches(filter: Buffer, topic: Buffer): boolean {
    if (topic[0] === DOLLAR && (filter[0] === PLUS || filter[0] === HASH))
        return false
    let f = 0
    let t = 0
    while (f < filter.length) {
        const c = filter[f]
        if (c === HASH) return true
        if (c === PLUS) {
            while (t < topic.length && topic[t] !== SLASH) t++
            f++
            continue
        }
        if (t === topic.length) {
            // "sport/#" also matches "sport"
            return (
                c === SLASH && f + 2 === filter.length && filter[f + 1] === HASH
            )
        }
        if (c !== topic[t]) return false
        f++
        t++
    }
    return t === topic.length
}
