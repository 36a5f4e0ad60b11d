// The rooms of the house as ESLint sees them: which files are pure, and what each room may import.
// Knows nothing of how code is written inside a room; that is eslint.config.js.
import { posix } from "node:path"

const { relative } = posix

/**
 * The firmware files that touch the platform (sockets, timers, fibers, roles, console, settings) or import one that does.
 * Every other file in src is pure: it runs unchanged in Node.js (with `insert` on arrays, test/support/board-arrays.ts),
 * and the linter holds it to that. Names are paths without their ending.
 */
export const shell = [
    "src/index",
    "src/config/bounded",
    "src/config/settings",
    "src/mqtt/client",
    "src/mqtt/index",
    "src/mqtt/socket",
    "src/mqtt/listeners",
    "src/mqtt/receiver",
    "src/node/actuators",
    "src/node/commands",
    "src/node/boots",
    "src/node/backlog",
    "src/node/delivery",
    "src/node/driver",
    "src/node/diagnostics",
    "src/node/home-assistant",
    "src/node/http-time",
    "src/node/kept",
    "src/node/node",
    "src/node/options",
    "src/node/presence",
    "src/node/report",
    "src/node/restart-after-loss",
    "src/node/sensor",
    "src/node/sleep",
    "src/node/source",
    "src/node/start",
    "src/node/wifi",
]

export const shellFiles = shell.map(name => `${name}.ts`)

const regex = (pattern, message) => ({ regex: pattern, message })

const noHost = regex(
    "^(\\.\\./)+(sim|test)/",
    "Firmware never imports sim or test: it would not compile, and arrows point down."
)
const noBoards = regex(
    "^(\\.\\./)+boards/",
    "The firmware does not know its boards: a board imports src/index, not the other way."
)
const onlyPlatform = regex(
    "^(?!\\.|@devicescript/|@dsboard/)",
    "There is no npm and no Node.js on a board: only @devicescript packages and files of this project."
)
const noPlatform = regex(
    "^@(devicescript|dsboard)/",
    "A pure file runs in Node.js too: take time, randomness and output as arguments, or list the file in test/lint/rooms.js."
)
const literally = path => path.replaceAll(".", "\\.")

/** `folder` is src/mqtt or a folder in it. */
const nothingAboveMqtt = folder =>
    regex(
        `^${literally(relative(folder, "src"))}/`,
        "src/mqtt knows nothing of sensors, boards or settings: it imports nothing above itself."
    )

const noShell = folder => {
    const paths = shell
        .map(name => relative(folder, name))
        .map(path => (path.startsWith(".") ? path : `./${path}`))
    return regex(
        `^(${paths.map(literally).join("|")})$`,
        "A pure file imports pure files only. Import the file that says it, or list this one in test/lint/rooms.js."
    )
}

/** For no-restricted-imports of a firmware room. */
export const firmwareImports = {
    src: [noHost, noBoards, onlyPlatform],
    boards: [
        noHost,
        onlyPlatform,
        regex(
            "^(\\.\\./)+src(/(?!index$)|$)",
            "src/index is all a board file sees; export there what it lacks."
        ),
    ],
    device: [
        regex("^(\\.\\./)+sim/", "Tests in the VM never import sim."),
        onlyPlatform,
    ],
}

/** For the files of a folder in src; `pure` are all that are not in the list above. */
export function roomImports(folder, pure) {
    const imports = [...firmwareImports.src]
    if (`${folder}/`.startsWith("src/mqtt/"))
        imports.push(nothingAboveMqtt(folder))
    if (pure) imports.push(noPlatform, noShell(folder))
    return imports
}

// two steps up at least: sim/boards and test/boards are one step from their neighbours
const onlyPure = regex(
    `^(\\.\\./){2,}boards/|^(\\.\\./)+(src$|(${shell.join("|")})$)`,
    "Host code imports the pure files of the firmware only; what touches the platform runs in the VM."
)

const settledSeed = regex(
    "^fast-check$",
    "Import test/support/property, which settles fast-check's seed: a test draws the same cases each time."
)

export const hostImports = {
    sim: [
        onlyPure,
        regex("^(\\.\\./)+test/", "The rig does not know its tests."),
    ],
    test: [onlyPure, settledSeed],
    property: [onlyPure],
}
