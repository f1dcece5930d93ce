// Numbers as people read them in a narrow tree.

import { grouped } from '../util/numbers'

const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB']

/** Bytes in steps of 1,024 with one digit where it says something: `512 B`, `4.5 MB`, `12 GB`. */
export function showBytes(bytes: number): string {
  let unit = 0
  let amount = bytes
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024
    unit++
  }
  // 1023.96 KB would round to 1024.0 KB.
  if (unit > 0 && unit < units.length - 1 && Math.round(amount * 10) >= 10240) {
    amount /= 1024
    unit++
  }
  const text = unit === 0 || amount >= 100 ? String(Math.round(amount)) : amount.toFixed(1).replace(/\.0$/, '')
  return `${text} ${units[unit]}`
}

/** `1 tensor`, `12,345 tensors`. */
export function showCount(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** A stored shape: `[3072, 384]`. */
export const showShape = (shape: readonly number[]) => `[${shape.join(', ')}]`

/** Orders names by the numbers in them: `layers.2` before `layers.10`. */
export function compareNatural(a: string, b: string): number {
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0)
}

const collator = new Intl.Collator('en', { numeric: true })
