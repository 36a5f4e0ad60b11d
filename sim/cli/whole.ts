// An option of the command line whose value is a whole number within bounds. Knows no verb.
import { InvalidArgumentError } from "commander"

/** @returns reads the text of an option: digits without a sign or leading zeros, `low` and `high` themselves allowed. */
export function whole(low: number, high: number): (text: string) => number {
    return text => {
        const n = Number(text)
        if (!/^(0|[1-9]\d*)$/.test(text) || n < low || n > high)
            throw new InvalidArgumentError(
                `Must be a whole number from ${low} to ${high}.`
            )
        return n
    }
}
