// Schedules of faults drawn from seeds, lived through by the compiled firmware in virtual time.
export { BOARD_FILE, exploredBoard } from "./board"
export type { Breach } from "./breach"
export { drawScript } from "./draw"
export {
    explore,
    shrunk,
    summaryLines,
    type Failure,
    type Summary,
} from "./explore"
export { KEPT, keep, keptScripts } from "./kept"
export { KINDS } from "./kinds"
export { live, type Life } from "./live"
export { parseScript, printScript, ScriptError, type Script } from "./script"
export { shrink } from "./shrink"
export { measureSpeed, type Speed } from "./speed"
