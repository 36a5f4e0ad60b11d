// Gives Node.js the one array operation of the board's that the pure firmware files use, so that they run here unchanged.
// test/platform/values.test.ts holds it to what the VM does.

declare global {
    // eslint-disable-next-line @typescript-eslint/no-unused-vars -- the name must be that of the type it adds to
    interface Array<T> {
        /** Makes room for `count` elements at `index`, or takes away `-count` of them. */
        insert(index: number, count: number): void
    }
}

Object.defineProperty(Array.prototype, "insert", {
    value(this: unknown[], index: number, count: number) {
        if (count > 0)
            this.splice(index, 0, ...new Array<unknown>(count).fill(undefined))
        else this.splice(index, -count)
    },
})

export {}
