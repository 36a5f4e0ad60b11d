// The VM host: compile DeviceScript, and run it as boards do.
export { CLI_VERSION, PlatformError } from "./cli-bundle"
export { realClock, VirtualClock, type Clock } from "./clock"
export {
    CompileError,
    compileProgram,
    PROJECT_ROOT,
    type CompiledProgram,
    type CompileOptions,
    type DebugInfo,
} from "./compile"
export { Flash, SettingError } from "./flash"
export type { HeapFigures, HeapKind } from "./heap"
export { MemoryNetwork, type MemorySocket } from "./memory-sockets"
export {
    nodeSockets,
    type NodeSocketsOptions,
    type Sockets,
    type VmSocket,
} from "./sockets"
export {
    DeployError,
    startVm,
    Vm,
    type RestartReason,
    type VmBus,
    type VmEvents,
    type VmOptions,
} from "./vm"
