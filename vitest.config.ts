// How the tests run: which files, how many at once, how long each may take, and what the run says at its end.
import { defineConfig } from "vitest/config"

export default defineConfig({
    test: {
        include: ["test/**/*.test.ts"],
        exclude: ["test/device/**", "node_modules/**"],
        // What a board has and Node.js has not.
        setupFiles: ["./test/support/board-arrays.ts"],
        // A process a file: each holds its own VMs, brokers and signal handlers, and takes them along when it ends.
        pool: "forks",
        // The machine the time bounds of the tests are computed for has two cores; more at once would stretch every wait.
        maxWorkers: 2,
        // ms. A test waits for events with bounds of its own; these catch one that forgot. A compile takes 2 s, and ten
        // times that on a machine with other work to do.
        testTimeout: 120_000,
        hookTimeout: 120_000,
        teardownTimeout: 10_000,
        reporters: [["default", { summary: false }], "./test/reporter.ts"],
    },
})
