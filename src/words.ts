// Small helpers for text that people read.

/** "1 model", "2 models", "90,000 tensors". */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`
}

/** The last segment of a path of either kind of separator; the path itself when it has none. */
export function lastSegment(path: string): string {
  return path.split(/[\\/]/).filter(Boolean).at(-1) ?? path
}
