// Simulated sensors for VMs.
export { attachSensors, NoSuchRole, SimulatedBoard } from "./board"
export { defaultCurve, wave, type Curve } from "./curves"
