// The schedules that once failed, as files: test/world/kept/<name>.txt, each a script with a remark on what it found.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { PROJECT_ROOT } from "../../vm"
import { parseScript, printScript, type Script } from "./script"

/** Relative to the project's root. */
export const KEPT = join("test", "world", "kept")

/** Names and scripts, by name. */
export function keptScripts(): { name: string; script: Script }[] {
    const folder = join(PROJECT_ROOT, KEPT)
    return readdirSync(folder)
        .filter(file => file.endsWith(".txt"))
        .sort()
        .map(file => ({
            name: file.slice(0, -".txt".length),
            script: parseScript(readFileSync(join(folder, file), "utf8")),
        }))
}

/** @param rule what it breaks, which names the file. @returns its path from the project's root */
export function keep(seed: number, script: Script, rule: string): string {
    const words = rule
        .toLowerCase()
        .replace(/\[.*\]/, "")
        .replace(/[^a-z0-9]+/g, " ")
        .trim()
        .split(" ")
    const name = `${words.slice(0, 7).join("-")}-${seed}.txt`
    const path = join(KEPT, name)
    mkdirSync(join(PROJECT_ROOT, KEPT), { recursive: true })
    writeFileSync(
        join(PROJECT_ROOT, path),
        printScript(script, [`seed ${seed} broke: ${rule}`])
    )
    return path
}
