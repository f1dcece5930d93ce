// Faults of what a quantized call is told: its arguments, group size, bits and mode.

import { field, type SyntaxNode } from '../../../../server/source/syntax'
import type { Site } from '../mutant'
import { isNumber, isString, type Source } from '../source'
import { plainText, present, quantizedCalls, replace, swap, tripleOf, withoutArgument } from './sites'

export function swapScalesAndBiases(source: Source): Site[] {
  return present(
    source.calls.map(call => {
      const { scales, biases } = tripleOf(call) ?? {}
      return scales && biases && swap(source, scales, biases)
    }),
  )
}

export function swapWeightAndScales(source: Source): Site[] {
  return present(
    source.calls.map(call => {
      const { weight, scales } = tripleOf(call) ?? {}
      return weight && scales && swap(source, weight, scales)
    }),
  )
}

export function dropBiases(source: Source): Site[] {
  return present(
    source.calls.map(call => {
      const { biases } = tripleOf(call) ?? {}
      const index = call.args.findIndex(({ value }) => value === biases)
      if (!biases || /^(none|null|undefined)$/i.test(source.textOf(biases))) return undefined
      const isLast =
        index === call.args.length - 1 ||
        call.args[index]?.keyword !== undefined ||
        call.args[index + 1]?.keyword !== undefined
      return isLast ? withoutArgument(source, call, index) : replace(source, biases, source.isPython ? 'None' : 'null')
    }),
  )
}

const groupName = /^(q_?|quant_?|default_?)?group_?size$/i
const bitsName = /^(q_?|quant_?|w_?|default_?|num_?)?n?_?bits$/i

/** Numbers that are given to a name: keywords, defaults, constants, entries, and the positions of quantized calls. */
function numbersGivenTo(source: Source, wanted: RegExp, position: number): SyntaxNode[] {
  const found = source.nodes.flatMap(node => {
    const name = field(node, 'name') ?? field(node, 'left') ?? field(node, 'key') ?? field(node, 'pattern')
    const value = field(node, 'value') ?? field(node, 'right')
    if (!name || !value || !isNumber(value)) return []
    const text = isString(name) ? (plainText(source, name) ?? '') : (source.textOf(name).split('.').at(-1) ?? '')
    return wanted.test(text) ? [value] : []
  })
  const positional = source.calls.flatMap(({ name, args }) => {
    const first = quantizedCalls.get(name)
    // quantized_matmul has the transposing flag before them.
    const index = first === undefined ? -1 : first + 3 + (first === 1 ? 1 : 0) + position
    const arg = args[index]
    return arg && arg.keyword === undefined && isNumber(arg.value) ? [arg.value] : []
  })
  const defaults = source.calls.flatMap(({ name, args }) => {
    const [first, second] = args
    const isLookup = /^(get|getattr|add_argument|pop)$/.test(name)
    const named = args.some(({ value }) =>
      wanted.test((plainText(source, value) ?? '').replace(/^-+/, '').replace(/-/g, '_')),
    )
    const value =
      name === 'add_argument' ? args.find(({ keyword }) => keyword === 'default')?.value : (args[2] ?? second)?.value
    return isLookup && first && named && value && isNumber(value) ? [value] : []
  })
  return [...new Set([...found, ...positional, ...defaults])]
}

const otherGroups: Readonly<Record<string, readonly string[]>> = {
  '16': ['32'],
  '32': ['64', '16'],
  '64': ['32', '128'],
  '128': ['64', '32'],
}
const otherBits: Readonly<Record<string, readonly string[]>> = {
  '2': ['4'],
  '3': ['4', '6'],
  '4': ['8', '2'],
  '5': ['4'],
  '6': ['4', '3'],
  '8': ['4'],
}

const others = (
  source: Source,
  nodes: readonly SyntaxNode[],
  table: Readonly<Record<string, readonly string[]>>,
): Site[] => nodes.flatMap(node => (table[source.textOf(node)] ?? []).map(other => replace(source, node, other)))

export const wrongGroupSize = (source: Source): Site[] =>
  others(source, numbersGivenTo(source, groupName, 0), otherGroups)
export const wrongBits = (source: Source): Site[] => others(source, numbersGivenTo(source, bitsName, 1), otherBits)

const modes: Readonly<Record<string, readonly string[]>> = {
  affine: ['mxfp4'],
  mxfp4: ['affine', 'nvfp4'],
  mxfp8: ['mxfp4', 'affine'],
  nvfp4: ['mxfp4', 'affine'],
}

export function wrongMode(source: Source): Site[] {
  return source.pieces.flatMap(piece => (modes[piece.text] ?? []).map(other => replace(source, piece, other)))
}

/** A keyword of a call that is about quantization is left out. */
export const dropKeyword =
  (wanted: RegExp) =>
  (source: Source): Site[] =>
    source.calls.flatMap(call =>
      present(
        call.args.map((arg, index) =>
          arg.keyword !== undefined && wanted.test(arg.keyword) ? withoutArgument(source, call, index) : undefined,
        ),
      ),
    )

export const dropGroupSize = dropKeyword(groupName)
export const dropBits = dropKeyword(bitsName)
export const dropMode = dropKeyword(/^mode$/)

/** `group_size` where `bits` belongs, and the other way. */
export function swapGroupSizeAndBits(source: Source): Site[] {
  return present(
    source.calls.map(({ name, args }) => {
      const keyed = (wanted: RegExp): SyntaxNode | undefined =>
        args.find(({ keyword }) => keyword !== undefined && wanted.test(keyword))?.value
      const first = quantizedCalls.get(name)
      const at = first === undefined ? -1 : first + 3 + (first === 1 ? 1 : 0)
      const positional = (index: number): SyntaxNode | undefined =>
        first === undefined || args[index]?.keyword !== undefined ? undefined : args[index]?.value
      const [group, bits] = [keyed(groupName) ?? positional(at), keyed(bitsName) ?? positional(at + 1)]
      return group && bits && swap(source, group, bits)
    }),
  )
}
