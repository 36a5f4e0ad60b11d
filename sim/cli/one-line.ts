// A mistake in what was typed is told in one line, with where to look.

/**
 * What Commander's `configureOutput` takes; it puts its suggestions on a second line.
 * @param how how the command is typed, such as `npm start`
 */
export const oneLine = (how: () => string) => ({
    outputError: (text: string, write: (text: string) => void) =>
        write(`${sentence(text)} See: ${how()} -- --help\n`),
})

/** In one line, with a mark at its end. */
function sentence(text: string): string {
    const line = text.trim().replace(/\s*\n\s*/g, " ")
    return /[.?!]\)?$/.test(line) ? line : `${line}.`
}
