// A mistake in what was typed is told in one line, with where to look.

/**
 * What Commander's `configureOutput` takes; it puts its suggestions on a second line.
 * @param how how the command is typed, such as `npm start`
 */
export const oneLine = (how: () => string) => ({
    outputError: (text: string, write: (text: string) => void) =>
        write(
            text.trim().replace(/\s*\n\s*/g, " ") + ` See: ${how()} -- --help\n`
        ),
})
