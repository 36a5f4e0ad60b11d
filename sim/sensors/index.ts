// Simulated sensors for VMs.
export {
    attachSensors,
    NoSuchRole,
    SimulatedBoard,
    type SimulatedSensor,
} from "./board"
export {
    constant,
    defaultCurve,
    noisy,
    steps,
    wave,
    type Curve,
} from "./curves"
