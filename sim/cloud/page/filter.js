// @ts-check
// What may be an MQTT topic filter, in words for the person who types one. Pure. The server has the last word.

/** Longest filter, in characters. */
const MAX_FILTER = 512

/**
 * @param {string} filter
 * @returns {string | undefined} what is wrong with it [MQTT-4.7.1-2] [MQTT-4.7.1-3] [MQTT-4.7.3-1]
 */
export function filterMistake(filter) {
    if (filter === "")
        return "A filter has at least one character: # is everything."
    if (filter.length > MAX_FILTER)
        return `A filter has at most ${MAX_FILTER} characters.`
    const levels = filter.split("/")
    for (const [i, level] of levels.entries()) {
        if (level.includes("#") && level !== "#")
            return `# stands alone in its level: not ${level}.`
        if (level === "#" && i < levels.length - 1)
            return "# is the last level: nothing can follow it."
        if (level.includes("+") && level !== "+")
            return `+ stands alone in its level: not ${level}.`
    }
    return undefined
}
