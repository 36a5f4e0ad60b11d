// The VM host: compile DeviceScript, and run it as boards do.
export { CLI_VERSION, PlatformError } from "./cli-bundle"
export { realClock, VirtualClock, type Clock } from "./clock"
export {
    CompileError,
    compileProgram,
    PROJECT_ROOT,
    type CompiledProgram,
    type DebugInfo,
} from "./compile"
export { Flash, SettingError } from "./flash"
export type { HeapFigures } from "./heap"
export { nodeSockets, type Sockets, type VmSocket } from "./sockets"
export { DeployError, startVm, Vm, type VmBus, type VmOptions } from "./vm"
