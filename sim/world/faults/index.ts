// Faults, and what they do to a firmware: the table that `npm run faults` prints and `npm test` checks.
export {
    countingNode,
    SLOTS,
    INTERVAL,
    KEEP_ALIVE,
    FRAIL_INTERVAL,
    NODE,
    STOCK,
    type Firmware,
} from "./boards"
export { givenUp, lawFault } from "./law"
export { measure, worst, type Figures } from "./measure"
export type { FaultRow, Scene } from "./row"
export { FAULTS } from "./rows"
export { faultTable, time, type Measured } from "./table"
