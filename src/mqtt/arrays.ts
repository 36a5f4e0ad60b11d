// The array operations that the board and the host spell differently. Pure.

/** Removes the element at `at`, 0 to length - 1, keeping the order of the others. */
export function removeAt<T>(array: T[], at: number) {
    for (let i = at; i + 1 < array.length; i++) array[i] = array[i + 1] as T
    array.pop()
}

/** Moves the last element to the front; the others keep their order. */
export function moveToFront<T>(array: T[]) {
    const last = array[array.length - 1] as T
    for (let i = array.length - 1; i > 0; i--) array[i] = array[i - 1] as T
    if (array.length > 0) array[0] = last
}
