// How the argument of a verb that works on a board is described. Apart from target.ts, so that a help needs no compiler.
export const TARGET_HELP =
    "a board in boards/, or one of its kind: <board>.<name> has its settings in boards/<board>.<name>.env; or the path of either file"
