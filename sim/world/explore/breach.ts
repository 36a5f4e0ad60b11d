// What is told of a rule that was broken, and the count of looks at rules. Pure.

/** A rule that was broken, and how. */
export interface Breach {
    /** ms since the world began. */
    at: number
    rule: string
    detail: string
}

/** Counts what is checked and keeps what fails. */
export class Ledger {
    readonly breaches: Breach[] = []
    /** Checks made. */
    checks = 0

    constructor(private readonly now: () => number) {}

    /** @param detail made only when it is needed */
    hold(ok: boolean, rule: string, detail: () => string): void {
        this.checks++
        if (!ok) this.breaches.push({ at: this.now(), rule, detail: detail() })
    }
}
