// One line about the format of a module, for rows of the tree and hovers: "AWQ GEMM 4-bit g128 3072→3072".

import type { Model } from '../../checkpoint/facts'
import { isForeign, showRecognition, type Recognition } from './format'
import { formatsOfModule } from './formatsOf'
import { last, rows } from './shapes'

/** Describes a module that is stored in another format than MLX's; undefined for any other. */
export function describeForeign(model: Model, module: string): string | undefined {
  const foreign = formatsOfModule(model, module).filter(({ recognition }) => isForeign(recognition.format))
  if (foreign.length === 0) return undefined
  return foreign.map(({ stem, recognition }) => [stem, describe(recognition)].filter(Boolean).join(': ')).join(', ')
}

/** The same for whatever format it is in; undefined where none claims it. */
export function describeModule(model: Model, module: string): string | undefined {
  const found = formatsOfModule(model, module)
  if (found.length === 0) return undefined
  return found.map(({ stem, recognition }) => [stem, describe(recognition)].filter(Boolean).join(': ')).join(', ')
}

/** Format, parameters and, where it is known, `in→out`; stacked experts as `8 × in→out`. */
export function describe(recognition: Recognition): string {
  const { logical } = recognition
  const name = showRecognition(recognition)
  if (!logical || logical.length < 2) return name
  const stacked = logical.length > 2 ? `${logical.slice(0, -2).join('×')} × ` : ''
  return `${name} ${stacked}${last(logical)}→${rows(logical)}`
}
