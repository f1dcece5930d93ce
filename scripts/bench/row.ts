// One line of `npm run bench`: what was measured and the mark that it has to keep.

export interface Row {
  readonly name: string
  readonly value: number
  /** `x` for a ratio, else `ms` or `MB`. */
  readonly unit: string
  readonly limit: number
  readonly direction: 'at most' | 'at least'
}

/** Whether a row keeps its mark. */
export function keepsMark({ value, limit, direction }: Row): boolean {
  return direction === 'at most' ? value <= limit : value >= limit
}
