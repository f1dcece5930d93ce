// A weight that was sliced by columns where its scales were not, or the other way round: words and groups of the same
// columns belong together. Told where the whole of both fits the bits and group size that are handed over, so that the
// slice alone is what is wrong.

import type { Arrived, Delivery } from '../interp/deliveries'
import type { Edit, Fix } from '../protocol'
import { logicalColumns } from '../quant/affine'
import { passed } from './parameters'
import { rangeOf, textAt } from './show'
import { isSameFunction } from './sameFunction'
import { splitLike } from './splitText'
import { asOperand } from './turnText'

type Member = 'weight' | 'scales' | 'biases'

export interface ColumnSlice {
  readonly sliced: readonly Member[]
  readonly whole: readonly Member[]
  /** Words for each group, which may be a fraction. */
  readonly words: number
}

const last = (shape: readonly number[]): number => shape[shape.length - 1] ?? 0

/** Fewer columns than are stored, and nothing else. */
function isColumnSlice({ ops, shape, tensor }: Arrived): boolean {
  const axis = tensor.shape.length - 1
  if (ops && !(ops.length === 1 && ops[0]?.op === 'slice' && ops[0].axis === axis)) return false
  return (
    shape.length === tensor.shape.length &&
    last(shape) < last(tensor.shape) &&
    shape.slice(0, -1).every((d, i) => d === tensor.shape[i])
  )
}

/** Which members were sliced by columns, where others were not. */
export function columnSlice(d: Delivery): ColumnSlice | undefined {
  const all = (['weight', 'scales', 'biases'] as const).flatMap(name => {
    const arrived = d[name]
    return arrived ? [{ name, arrived }] : []
  })
  const sliced = all.filter(m => isColumnSlice(m.arrived)).map(m => m.name)
  const whole = all.filter(m => m.arrived.ops?.length === 0).map(m => m.name)
  if (sliced.length === 0 || whole.length === 0 || sliced.length + whole.length !== all.length) return undefined
  const [words, groups] = [last(d.weight.tensor.shape), last(d.scales.tensor.shape)]
  const [bits, groupSize] = [passed(d.sink, 'bits').value, passed(d.sink, 'groupSize').value]
  if (!bits || !groupSize || groups === 0 || logicalColumns(words, bits) !== groups * groupSize) return undefined
  return { sliced, whole, words: words / groups }
}

/** The slice of one member for those that lack it. */
export function columnFix(d: Delivery, { sliced, whole, words }: ColumnSlice): Fix | undefined {
  const [like] = sliced
  const place = like && d.sink[like]?.at
  if (!like || !place) return undefined
  const edits: Edit[] = []
  let isPlain = true
  for (const member of whole) {
    const handle = d.handles[member]
    if (!handle || d.sink[member]?.activation !== d.sink[like]?.activation || !isSameFunction(place, handle))
      return undefined
    const scale = like === 'weight' ? 1 / words : member === 'weight' ? words : 1
    const operand = textAt(handle)
    const cut = slicedText(textAt(place), operand, scale)
    const text = cut?.text ?? splitLike(place, operand)
    if (text === undefined) return undefined
    isPlain &&= cut === undefined || cut.isPlain
    edits.push({ path: handle.program.path, range: rangeOf(handle), newText: text })
  }
  return { title: `Slice ${whole.join(' and ')} like the ${like}`, kind: isPlain ? 'safe' : 'needs-a-look', edits }
}

/** `[:, 0:32]` behind another array, its bounds in groups instead of words; plain where they are numbers. */
function slicedText(text: string, operand: string, scale: number): { text: string; isPlain: boolean } | undefined {
  const [, front, from, to] = /\[\s*(:|\.\.\.)\s*,\s*([^:[\],]*):([^:[\],]*)\]$/.exec(text) ?? []
  if (front === undefined || from === undefined || to === undefined) return undefined
  const bounds = [from, to].map(bound => scaled(bound.trim(), scale))
  const [a, b] = bounds
  if (a === undefined || b === undefined) return undefined
  const isPlain = [from, to].every(bound => /^\s*\d*\s*$/.test(bound))
  const space = isPlain ? '' : ' '
  return { text: `${asOperand(operand)}[${front}, ${a}${a && space}:${b && space}${b}]`, isPlain }
}

/** A bound in other units; undefined where a number does not come out whole. */
function scaled(bound: string, scale: number): string | undefined {
  if (bound === '' || scale === 1) return bound
  const [factor, op] = scale < 1 ? [1 / scale, '//'] : [scale, '*']
  if (!Number.isInteger(Math.round(factor * 1e6) / 1e6)) return undefined
  if (/^\d+$/.test(bound)) {
    const number = Number(bound) * scale
    return Number.isInteger(number) ? String(number) : undefined
  }
  const isSum = /[-+]/.test(bound.replace(/\([^()]*\)/g, ''))
  return `${isSum ? `(${bound})` : bound} ${op} ${factor}`
}
