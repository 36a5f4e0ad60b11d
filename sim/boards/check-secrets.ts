// Whether secrets are in git, or about to be: settings files that it tracks or does not ignore, a password in a board file.
// Asks git and reads; changes nothing.
import { execFileSync } from "node:child_process"
import { basename, dirname, relative } from "node:path"
import { PROJECT_ROOT } from "../vm"
import type { Subject } from "./check"
import { EXAMPLE, settingsPath } from "./settings-file"

/** ms for git, which answers in 10. */
const GIT_MS = 10_000

export function checkSecrets(subject: Subject): void {
    const { board, name, source, settings, findings } = subject
    const before = findings.mistakes
    const password = source.find("password")
    // not what is computed, which may come from anywhere
    if (password && /^["'`]./.test(password.value ?? ""))
        findings.wrong("secrets", {
            ...{ file: board.file, ...password },
            value: "(not shown)",
            text: "stands in the program, and so in git and in every image",
            fix: "take it out, change it at the broker, and put it as MQTT_PASS into the settings file of each board",
        })
    const folder = dirname(board.path)
    if (git(folder, "rev-parse", "--is-inside-work-tree") === undefined) {
        findings.skip("secrets", "there is no git here that could have them")
        return
    }
    const tracked = (git(folder, "ls-files", "--", "*.env") ?? "")
        .split("\n")
        .filter(file => file !== "" && basename(file) !== basename(EXAMPLE))
    for (const file of tracked)
        findings.wrong("secrets", {
            file: relative(PROJECT_ROOT, `${folder}/${file}`),
            key: "git",
            value: "tracked",
            text: "is in git with the secrets it holds",
            fix: `git rm --cached it, commit, and change the passwords in it: git's history keeps them`,
        })
    const path = settings && settingsPath(board.path, name!)
    if (
        path !== undefined &&
        !tracked.includes(basename(path)) &&
        git(folder, "check-ignore", "-q", path) === undefined
    )
        findings.wrong("secrets", {
            file: settings!.file,
            key: "git",
            value: "not ignored",
            text: "goes into the next commit that takes all files",
            fix: "add *.env to .gitignore",
        })
    if (findings.mistakes === before) findings.ok("secrets", "none in git")
}

/** @returns what git prints, undefined when it says no, or is not there */
function git(folder: string, ...args: string[]): string | undefined {
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
