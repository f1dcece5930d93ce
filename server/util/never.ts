/** Marks a branch that the types say cannot be reached; reaching it is our bug. */
export function never(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`)
}
