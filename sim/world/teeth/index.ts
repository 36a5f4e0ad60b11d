// Broken firmware, and the world that has to catch it.
export { bite, mutated, seeded, type Catch } from "./bite"
export { MUTANTS, type Mutant } from "./mutants"
