// Types only: @devicescript/runtime without its `Number`, which today's TypeScript refuses (it compares `unknown` with
// numbers). tsconfig.json puts this in its place; the compiler of the firmware takes the real one.

export * from "../node_modules/@devicescript/runtime/src/bargraph"
export * from "../node_modules/@devicescript/runtime/src/colors"
export * from "../node_modules/@devicescript/runtime/src/control"
export * from "../node_modules/@devicescript/runtime/src/encodeURIComponent"
export * from "../node_modules/@devicescript/runtime/src/led"
export * from "../node_modules/@devicescript/runtime/src/leddisplay"
export * from "../node_modules/@devicescript/runtime/src/map"
export * from "../node_modules/@devicescript/runtime/src/palette"
export * from "../node_modules/@devicescript/runtime/src/pixelbuffer"
export * from "../node_modules/@devicescript/runtime/src/pixelmatrix"
export * from "../node_modules/@devicescript/runtime/src/schedule"
export * from "../node_modules/@devicescript/runtime/src/set"
export * from "../node_modules/@devicescript/runtime/src/valuedashboard"
export * from "../node_modules/@devicescript/runtime/src/worker"
