// What a device, sensor or client id may be made of. Pure. An id becomes one level of an MQTT topic, so
// nothing in it may be read as a separator or a wildcard, and Waziup's servers turn spaces into `_`.

/** Longest id in characters; a topic of three ids stays far below a Pico W's socket buffer. */
export const MAX_ID_LENGTH = 64

/** Why `id` cannot be an id, or undefined when it can: 1 to 64 letters, digits, `_`, `-` or `.`. */
export function idFault(id: string): string | undefined {
    if (typeof id !== "string" || id.length === 0) return "is empty"
    if (id.length > MAX_ID_LENGTH)
        return "is longer than " + MAX_ID_LENGTH + " characters"
    for (let i = 0; i < id.length; i++) {
        const c = id.charCodeAt(i)
        const digit = c >= 48 && c <= 57
        const upper = c >= 65 && c <= 90
        const lower = c >= 97 && c <= 122
        // _ - .
        if (!digit && !upper && !lower && c !== 95 && c !== 45 && c !== 46)
            return (
                "has '" +
                id.charAt(i) +
                "'; letters, digits, _ - and . are allowed"
            )
    }
    return undefined
}
