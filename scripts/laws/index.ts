// The list of laws that are compared with MLX, one line for each kind of operation in the files beside this one.

import { Draw, type Law } from './draw'
import { elementwise } from './elementwise'
import { layers, products } from './products'
import { rearranging } from './rearrange'

export const laws: readonly Law[] = [...elementwise, ...rearranging, ...products, ...layers]

/** A number of different operations of a law; the same for the same seed. */
export function drawn(law: Law, count: number, seed: number): readonly string[] {
  let start = seed
  for (const letter of law.name) start = Math.imul(start ^ letter.charCodeAt(0), 16777619) >>> 0
  const d = new Draw(start)
  const made = new Set<string>()
  for (let tries = 0; made.size < count && tries < count * 4; tries++) made.add(law.draw(d))
  return [...made]
}

/** What test/recorded/shapeLaws.json keeps of each law. */
export const recordedSeed = 1
export const recordedCount = 40
