// What all verbs of the command line have in common: a help that reads well, and mistakes told in one line.
import { expect, test } from "vitest"
import { commandLine } from "../../sim/cli/program"
import { freePort } from "../support/free-port"
import { runVerb } from "../support/verb"

const verbs = commandLine().commands

test.each(verbs.map(verb => [verb.name(), verb] as const))(
    "the introduction in the help of %s is wrapped at the width of the terminal only",
    (_, verb) => {
        const help = verb.configureHelp({
            ...verb.configureHelp(),
            helpWidth: 80,
        })
        const text = help.helpInformation()
        const [introduction = ""] = text
            .slice(text.indexOf("\n\n") + 2)
            .split("\n\n")
        const lines = introduction.split("\n")
        // each line is full: the first word of the next would not have fitted into 80 columns
        for (const [i, next] of lines.slice(1).entries())
            expect(
                `${lines[i]} ${next.split(" ")[0]}`.length
            ).toBeGreaterThanOrEqual(80)
    }
)

test("the help of world shows its seeds as they are typed", async () => {
    const { code, stdout, stderr } = await runVerb("world", ["--help"])
    expect([code, stderr]).toEqual([0, ""])
    expect(stdout).toContain("(default: 1..100)")
})

/** Expects exit code 2, nothing on standard output, and one line. */
async function errorLine(verb: string, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await runVerb(verb, args)
    expect([code, stdout]).toEqual([2, ""])
    expect(stderr).toMatch(/^error: [^\n]+\n$/)
    return stderr.slice("error: ".length, -1)
}

test("an option that there is not is a sentence, with where to look behind it", async () => {
    expect(await errorLine("check", "--wat")).toBe(
        "unknown option '--wat'. See: npm run check -- --help"
    )
    expect(await errorLine("check", "--brokr")).toBe(
        "unknown option '--brokr' (Did you mean --broker?) See: npm run check -- --help"
    )
})

test("a schedule that is not there is said to be so", async () => {
    expect(await errorLine("world", "--script", "nofile.txt")).toBe(
        '--script "nofile.txt": there is no such file; the schedules that were kept are in test/world/kept'
    )
})

test("homeassistant says of a broker that is not there that it cannot be reached", async () => {
    const url = `mqtt://127.0.0.1:${await freePort()}`
    expect(await errorLine("homeassistant", "list", "--broker", url)).toBe(
        `the broker ${url} cannot be reached: connection refused, nothing listens there; start it, or correct --broker`
    )
})
