// A part of a fleet's surroundings in a process of its own, so that it does not take the nodes' processor: started, asked,
// and gone with its parent. Knows nothing of what the part does.
import { fork, type ChildProcess } from "node:child_process"
import { fileURLToPath } from "node:url"
import { PROJECT_ROOT } from "../vm/compile"

/** ms for a question to be answered: the longest one, the end of 1,000 sessions, takes some seconds. */
const ANSWER_MS = 60_000
/** ms a part has to end by itself. */
const END_MS = 3_000

type Question = { id: number; ask: string; with: unknown }
type Answer = { id: number; value?: unknown; error?: string }

/** The parent's side. */
export class Child {
    #next = 0
    readonly #open = new Map<
        number,
        { resolve: (value: unknown) => void; reject: (error: Error) => void }
    >()
    readonly #process: ChildProcess
    readonly #ended: Promise<void>

    /** @param file a module that calls `serve`, next to this one */
    constructor(
        private readonly name: string,
        file: string
    ) {
        this.#process = fork(
            fileURLToPath(new URL(file, import.meta.url)),
            [],
            { execArgv: ["--import", "tsx"], cwd: PROJECT_ROOT }
        )
        this.#process.on("message", message =>
            this.#answered(message as Answer)
        )
        this.#ended = new Promise(resolve => {
            const ended = () => {
                for (const { reject } of this.#open.values())
                    reject(new Error(`${name} ended`))
                this.#open.clear()
                resolve()
            }
            this.#process.once("error", ended)
            this.#process.once("exit", ended)
        })
    }

    /** @throws {Error} what the part threw, that it ended, or that it did not answer in a minute */
    async ask<T>(ask: string, argument?: unknown): Promise<T> {
        const id = this.#next++
        let timer: NodeJS.Timeout | undefined
        try {
            return await new Promise<T>((resolve, reject) => {
                if (!this.#process.connected)
                    return reject(new Error(`${this.name} has ended`))
                this.#open.set(id, {
                    resolve: resolve as (value: unknown) => void,
                    reject,
                })
                timer = setTimeout(
                    () => reject(new Error(`${this.name} does not answer`)),
                    ANSWER_MS
                )
                this.#process.send({ id, ask, with: argument })
            })
        } finally {
            clearTimeout(timer)
            this.#open.delete(id)
        }
    }

    /** Lets it end; it is killed when it does not. */
    async stop(): Promise<void> {
        if (this.#process.connected) this.#process.disconnect()
        const timer = setTimeout(() => this.#process.kill("SIGKILL"), END_MS)
        await this.#ended
        clearTimeout(timer)
    }

    #answered({ id, value, error }: Answer): void {
        const open = this.#open.get(id)
        if (error === undefined) open?.resolve(value)
        else open?.reject(new Error(error))
    }
}

/** The part's side: answers questions until the parent is gone, then ends. */
export function serve(
    answers: Record<string, (argument: never) => unknown>,
    end: () => Promise<unknown>
): void {
    // Ctrl-C reaches every process of the terminal; the parent decides when this one ends
    for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"])
        process.on(signal, () => {})
    process.on("message", message => {
        const { id, ask, with: argument } = message as Question
        const reply = (answer: Omit<Answer, "id">) => {
            if (process.connected) process.send!({ id, ...answer })
        }
        Promise.resolve()
            .then(() => answers[ask]!(argument as never))
            .then(
                value => reply({ value }),
                (error: unknown) =>
                    reply({
                        error:
                            error instanceof Error
                                ? error.message
                                : String(error),
                    })
            )
    })
    process.on("disconnect", () => {
        void end().finally(() => process.exit())
    })
}
