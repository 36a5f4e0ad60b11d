// Whether secrets are in git, or about to be: settings files that it tracks or does not ignore, passwords in a board file.
// Asks git and reads; changes nothing.
import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { basename, dirname } from "node:path"
import type { BoardSource } from "./board-source"
import type { Finding } from "./finding"

/** ms for git, which answers in 10. */
const GIT_MS = 10_000

/** Settings files in git that hold no secret: the example that everybody copies. */
const EXAMPLE = /^example\.env$/

/** @param output what git printed, undefined when it is not there or said no */
type Git = (args: string[]) => string | undefined

function gitIn(folder: string): Git {
    return args => {
        try {
            return execFileSync("git", args, {
                cwd: folder,
                encoding: "utf8",
                stdio: ["ignore", "pipe", "ignore"],
                timeout: GIT_MS,
            })
        } catch {
            return undefined
        }
    }
}

export interface SecretPlaces {
    /** Path of the board's file, and how it is shown. */
    board: string
    boardFile: string
    source: BoardSource
    /** Path of its settings file, which may not be there, and how it is shown. */
    settings?: { path: string; file: string }
}

export function secretFindings(places: SecretPlaces): Finding[] {
    const folder = dirname(places.board)
    const git = gitIn(folder)
    const findings: Finding[] = []
    const wrong = (what: Omit<Finding, "check" | "verdict">) =>
        findings.push({ check: "secrets", verdict: "wrong", ...what })
    const password = places.source.find("password")
    if (
        password?.key === "broker.password" &&
        /^["'`]./.test(password.value ?? "")
    )
        wrong({
            file: places.boardFile,
            ...password,
            value: "(not shown)",
            text: "stands in the program, so that it is in git and in every image",
            fix: "take it out, change it at the broker, and put it into MQTT_PASS in the settings file of each board",
        })
    if (git(["rev-parse", "--is-inside-work-tree"]) === undefined) {
        findings.push({
            check: "secrets",
            verdict: "skipped",
            text: "no git here to ask what it tracks",
        })
        return findings
    }
    const tracked = (git(["ls-files", "--", "*.env"]) ?? "")
        .split("\n")
        .filter(name => name !== "" && !EXAMPLE.test(basename(name)))
    for (const name of tracked)
        wrong({
            file: shownBeside(places.boardFile, name),
            key: "git",
            value: "tracked",
            text: "is in git, with what secrets it holds",
            fix: `git rm --cached ${name} in ${dirname(places.boardFile)}, commit, and change the passwords in it: they stay in git's history`,
        })
    const { settings } = places
    if (
        settings &&
        existsSync(settings.path) &&
        !tracked.includes(basename(settings.path)) &&
        git(["check-ignore", "-q", settings.path]) === undefined
    )
        wrong({
            file: settings.file,
            key: "git",
            value: "not ignored",
            text: "would be committed by the next git add",
            fix: "add *.env to .gitignore",
        })
    return findings
}

/** As a file in the folder of the board's file is shown. */
function shownBeside(boardFile: string, name: string): string {
    const folder = dirname(boardFile)
    return folder === "." ? name : `${folder}/${name}`
}
