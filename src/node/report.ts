// What a node says on its console: one line an event, for a person at a serial monitor and for the rig.
//
//   node: <event> key=value key=value text=the rest of the line
//
// A value has no spaces; only `text`, always the last key, may. Never a credential.

/** One event, its keys already written out: `report("retry ms=812")`. */
export function report(line: string) {
    console.log("node: " + line)
}

let fault = ""

/** Something went wrong and was survived. */
export function reportFault(where: string, error?: Error) {
    fault = where + ": " + (error ? error.message : "unknown")
    report("fault text=" + fault)
}

/** The last of them since the program was started, or an empty text. */
export function lastFault(): string {
    return fault
}
