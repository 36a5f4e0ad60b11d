// Runs a verb of the command line to its end, in a process of its own, as a person does. For tests.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { PROJECT_ROOT } from "../../sim/vm/compile"

/** ms a verb may take; the process is killed then. */
const LIFE_MS = 90_000

export interface Finished {
    code: number | null
    stdout: string
    stderr: string
}

/** @param root where the project lies, this one unless told */
export async function runVerb(
    verb: string,
    args: readonly string[],
    root = PROJECT_ROOT
): Promise<Finished> {
    return runFile("sim/cli/main.ts", [verb, ...args], root)
}

/** The same for a verb that has a program of its own. @param file its path in the project */
export async function runFile(
    file: string,
    args: readonly string[],
    root = PROJECT_ROOT
): Promise<Finished> {
    const child = spawn(process.execPath, ["--import", "tsx", file, ...args], {
        cwd: root,
        // The test runner sets them for itself; Node.js warns of the two together.
        env: {
            ...process.env,
            NO_COLOR: undefined,
            FORCE_COLOR: undefined,
        },
        stdio: ["ignore", "pipe", "pipe"],
    })
    const life = setTimeout(() => child.kill("SIGKILL"), LIFE_MS)
    let stdout = ""
    let stderr = ""
    child.stdout.on("data", data => (stdout += String(data)))
    child.stderr.on("data", data => (stderr += String(data)))
    const [code] = (await once(child, "close")) as [number | null]
    clearTimeout(life)
    return { code, stdout, stderr }
}
