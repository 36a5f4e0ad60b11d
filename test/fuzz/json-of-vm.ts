// Where the VM's own JSON.parse is known to differ from the standard's. Knows nothing of where texts come from.
//
// It takes what is none: numbers that begin with 0, -inf and -nan, control characters in strings, and more; and refuses
// escapes of surrogates. src/node/body.ts keeps away what does harm, and a value is held to what was declared of it.

const SURROGATE = /\\u[dD][89a-fA-F]/

/** Whether the VM may see something else in a text than the standard. */
export function mayDiffer(input: Uint8Array): boolean {
    const text = Buffer.from(input).toString()
    if (SURROGATE.test(text)) return true
    try {
        JSON.parse(text)
        return false
    } catch {
        return true
    }
}
