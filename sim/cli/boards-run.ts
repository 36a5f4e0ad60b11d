// Carries out `boards`: compiles and tries each board and prints a row for it, or prints the chips.
import { boardNames, findBoard, readBoardFile } from "../boards/board-file"
import { BoardSource } from "../boards/board-source"
import { settingsNames } from "../boards/settings-file"
import { sizeReport } from "../boards/size-report"
import {
    BOARD_HEAD,
    BOARD_RIGHT,
    boardCells,
    chipNotes,
    chipTable,
    columns,
    type BoardRow,
} from "../boards/table"
import { tryBoard, TRIAL_CHIP } from "../boards/trial"
import { CompileError, compileProgram, PROJECT_ROOT } from "../vm"
import type { BoardsOptions } from "./boards"
import { EXIT } from "./errors"
import { printable } from "./format"
import { painter } from "./output"

/** @returns the exit code */
export async function runBoards(options: BoardsOptions): Promise<number> {
    if (options.chips === true) {
        print([...chipTable(), "", ...chipNotes()])
        return EXIT.ok
    }
    const names = boardNames()
    const rows: BoardRow[] = []
    for (const name of names) {
        progress(`${rows.length + 1} of ${names.length}: ${name}`)
        const row = await rowOf(name)
        rows.push(row)
        if (options.json === true) print([JSON.stringify(row)])
    }
    progress("")
    const faults = rows.filter(({ fault }) => fault !== undefined)
    if (options.json !== true) {
        const paint = painter()
        print([
            ...columns([BOARD_HEAD, ...rows.map(boardCells)], BOARD_RIGHT),
            ...(rows.some(({ drivers }) => drivers)
                ? ["", "* without what its I2C drivers take"]
                : []),
            ...faults.map(({ file, fault }) =>
                paint("bad", printable(`${file}: ${fault}`))
            ),
        ])
    }
    return faults.length === 0 ? EXIT.ok : EXIT.failed
}

async function rowOf(name: string): Promise<BoardRow> {
    const board = readBoardFile(findBoard(name, PROJECT_ROOT))
    const { chip, path, file, hardware, drivers } = board
    const source = new BoardSource(path)
    const row: BoardRow = {
        ...{ board: name, file, chip: chip.name, hardware },
        device: source.device,
        sensors: source.ids("sensors"),
        actuators: source.ids("actuators"),
        boards: settingsNames(path),
        imageLimit: chip.maxImage,
        heapLimit: chip.heapKiB * 1_024,
        drivers,
    }
    try {
        const program = compileProgram(path)
        const { bytes: image, code } = sizeReport(program)
        Object.assign(row, { image, code })
        const trial = await tryBoard({ program, settings: {}, heap: true })
        if (!trial.boot)
            row.fault = trial.refused ?? trial.trouble[0] ?? "does not start"
        else {
            const { device, sensors } = trial.boot
            if (device !== TRIAL_CHIP) row.device = device
            row.sensors = sensors
            row.heap = trial.heap
        }
    } catch (error) {
        if (!(error instanceof CompileError)) throw error
        row.fault = error.message.trim()
    }
    return row
}

/** What is done now, on a terminal only; an empty text takes it away. */
function progress(text: string): void {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
}

function print(lines: string[]): void {
    process.stdout.write(`${lines.join("\n")}\n`)
}
