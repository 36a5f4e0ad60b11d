// Runs the command line as a person does, in a process of its own. For tests.
import { spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { PROJECT_ROOT } from "../../sim/vm/compile"

export interface Finished {
    code: number | null
    signal: NodeJS.Signals | null
    stdout: string
    stderr: string
}

/** ms a process started here may live: the longest test stops a node after 5 s, loading and compiling take about 5 s. */
const LIFE_MS = 45_000

export class Program {
    readonly process: ChildProcess
    readonly lines: string[] = []
    readonly finished: Promise<Finished>
    #waiting = new Set<() => void>()

    /** Starts `npm start -- ...args` without npm, in one process, which is the one signals reach. */
    constructor(args: string[], env: NodeJS.ProcessEnv = {}) {
        const child = spawn(
            process.execPath,
            ["--import", "tsx", "sim/cli/main.ts", "start", ...args],
            {
                cwd: PROJECT_ROOT,
                env: {
                    ...process.env,
                    INIT_CWD: PROJECT_ROOT,
                    // The test runner sets them for itself; Node.js warns of the two together.
                    NO_COLOR: undefined,
                    FORCE_COLOR: undefined,
                    ...env,
                },
                stdio: ["ignore", "pipe", "pipe"],
            }
        )
        this.process = child
        const life = setTimeout(() => child.kill("SIGKILL"), LIFE_MS)
        let stderr = ""
        child.stderr.on("data", data => (stderr += String(data)))
        createInterface({ input: child.stdout }).on("line", line => {
            this.lines.push(line)
            for (const wake of this.#waiting) wake()
        })
        this.finished = once(child, "close").then(([code, signal]) => {
            clearTimeout(life)
            for (const wake of this.#waiting) wake()
            return {
                code,
                signal,
                stdout: this.lines.join("\n"),
                stderr,
            }
        })
    }

    /** Resolves to the first line that matches, from the beginning of the output on. Fails when the program ends without it. */
    async line(pattern: RegExp): Promise<string> {
        for (;;) {
            const found = this.lines.find(line => pattern.test(line))
            if (found !== undefined) return found
            const more = new Promise<undefined>(resolve => {
                const wake = () => {
                    this.#waiting.delete(wake)
                    resolve(undefined)
                }
                this.#waiting.add(wake)
            })
            const end = await Promise.race([more, this.finished])
            if (end && !this.lines.some(line => pattern.test(line))) {
                throw new Error(
                    `no line ${pattern} before the end (${end.code}):\n${end.stdout}\n${end.stderr}`
                )
            }
        }
    }

    /** Ends the process if it is still there, for the end of a test that failed. */
    async kill(): Promise<void> {
        if (this.process.exitCode === null && this.process.signalCode === null)
            this.process.kill("SIGTERM")
        await this.finished
    }
}
