// What the linter holds every file to: the traps of the DeviceScript VM in firmware, the dependency rules of the house
// everywhere, typescript-eslint's recommended rules in host code. Which room may import what is in test/lint/rooms.js.
import { defineConfig } from "eslint/config"
import tseslint from "typescript-eslint"
import {
    firmwareImports,
    hostImports,
    roomImports,
    shellFiles,
} from "./test/lint/rooms.js"
import firmware from "./test/lint/rules.js"

const root = import.meta.dirname
/** Tests, and samples for them, that run in the VM and not in Node.js. */
const vmTests = ["test/device/**/*.ts", "test/library/samples/**/*.ts"]
const firmwareFiles = ["src/**/*.ts", "boards/**/*.ts", ...vmTests]

const imports = patterns => ({
    "no-restricted-imports": ["error", { patterns }],
})

/** Files, and a folder they import from. The rooms have no folders deeper than one. */
const rooms = [
    ["src/*.ts", "src"],
    ...["src/config", "src/mqtt", "src/node"].flatMap(room => [
        [`${room}/*.ts`, room],
        [`${room}/*/**/*.ts`, `${room}/folder`],
    ]),
]

const effects = [
    "setTimeout",
    "setInterval",
    "setImmediate",
    "clearTimeout",
    "clearInterval",
    "console",
    "ds",
    "Date",
]
const byArgument =
    "A pure file has no clock, timer, random number or console: take what it needs as an argument."

export default defineConfig(
    { ignores: ["node_modules/", ".devicescript/"] },
    { linterOptions: { reportUnusedDisableDirectives: "error" } },
    {
        files: firmwareFiles,
        languageOptions: {
            parser: tseslint.parser,
            parserOptions: {
                project: "./test/lint/tsconfig.firmware.json",
                tsconfigRootDir: root,
            },
        },
        plugins: { "@typescript-eslint": tseslint.plugin, firmware },
        rules: {
            // A number that is not a 32-bit integer is falsy in the VM unless it is zero. Strings and objects are safe.
            "@typescript-eslint/strict-boolean-expressions": [
                "error",
                {
                    allowNumber: false,
                    allowNullableNumber: false,
                    allowNullableBoolean: true,
                    allowNullableString: true,
                },
            ],
            "firmware/no-remainder": "error",
            "firmware/whole-milliseconds": "error",
            "firmware/reasoned-exception": "error",
            "no-restricted-syntax": [
                "error",
                {
                    selector:
                        "AssignmentExpression[left.property.name='length']",
                    message:
                        "The VM ignores a write to length. Use pop, slice or a new array.",
                },
            ],
            eqeqeq: ["error", "always", { null: "ignore" }],
            "@typescript-eslint/no-unused-vars": [
                "error",
                { argsIgnorePattern: "^_", caughtErrors: "none" },
            ],
            "@typescript-eslint/no-explicit-any": "error",
            "prefer-const": "error",
        },
    },
    { files: ["boards/**/*.ts"], rules: imports(firmwareImports.boards) },
    { files: vmTests, rules: imports(firmwareImports.device) },
    ...rooms.flatMap(([files, folder]) => [
        { files: [files], rules: imports(roomImports(folder, false)) },
        {
            files: [files],
            ignores: shellFiles,
            rules: imports(roomImports(folder, true)),
        },
    ]),
    {
        files: ["src/**/*.ts"],
        ignores: shellFiles,
        rules: {
            "no-restricted-globals": [
                "error",
                ...effects.map(name => ({ name, message: byArgument })),
            ],
            "no-restricted-properties": [
                "error",
                { object: "Math", property: "random", message: byArgument },
            ],
        },
    },

    {
        files: ["sim/**/*.ts", "test/**/*.ts", "*.ts"],
        ignores: vmTests,
        extends: [tseslint.configs.recommendedTypeChecked],
        languageOptions: {
            parserOptions: {
                project: "./tsconfig.json",
                tsconfigRootDir: root,
            },
        },
        plugins: { firmware },
        rules: {
            "firmware/reasoned-exception": "error",
            "@typescript-eslint/no-unused-vars": [
                "error",
                { argsIgnorePattern: "^_", varsIgnorePattern: "^_" },
            ],
            // A function of an interface that gives back a promise need not wait for anything itself.
            "@typescript-eslint/require-await": "off",
        },
    },
    { files: ["sim/**/*.ts"], rules: imports(hostImports.sim) },
    {
        files: ["test/**/*.ts"],
        ignores: vmTests,
        rules: imports(hostImports.test),
    },
    {
        files: ["test/support/property.ts"],
        rules: imports(hostImports.property),
    },
    {
        files: ["test/**/*.ts"],
        ignores: vmTests,
        // vitest's matchers (expect.any, ...) and the JSON a test reads are any; what is wrong in them fails the test.
        rules: { "@typescript-eslint/no-unsafe-assignment": "off" },
    },
    { files: ["**/*.js"], extends: [tseslint.configs.recommended] }
)
