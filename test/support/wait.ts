// Waits of tests: for an event, never for a length of time, and always with a bound that says what did not come.

/** @throws {Error} `no <what> within <ms> ms` and `context()` when the promise has not settled by then */
export async function within<T>(
    ms: number,
    what: string,
    promise: Promise<T>,
    context: () => string = () => ""
): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
            const more = context()
            reject(
                new Error(
                    `no ${what} within ${ms} ms${more === "" ? "" : `\n${more}`}`
                )
            )
        }, ms)
    })
    try {
        return await Promise.race([promise, timeout])
    } finally {
        clearTimeout(timer)
    }
}

/** Something that changes from time to time and that tests look at after each change. */
export class Watch {
    #lookers = new Set<() => void>()

    /** Call it after each change. */
    changed(): void {
        for (const look of [...this.#lookers]) look()
    }

    /**
     * Looks now and after each change until `find` gives something back, and gives that back.
     * @throws {Error} as within() does
     */
    async until<T>(
        find: () => T | undefined,
        ms: number,
        what: string,
        context: () => string = () => ""
    ): Promise<T> {
        let look = () => {}
        const found = new Promise<T>(resolve => {
            look = () => {
                const value = find()
                if (value !== undefined) resolve(value)
            }
            this.#lookers.add(look)
            look()
        })
        try {
            return await within(ms, what, found, context)
        } finally {
            this.#lookers.delete(look)
        }
    }
}
