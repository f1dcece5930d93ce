// Reads the value of `files.exclude`, which is a user's free-form JSON: nothing here trusts its shape.

/** The glob patterns that are switched on. One that depends on a sibling (`{"when": …}`) hides build output; it is left out. */
export function excludedGlobs(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value)
    .filter(([, on]) => on === true)
    .map(([glob]) => glob)
}
