// How operators say what they change: small helpers over a program's syntax.

import type { SyntaxNode } from '../../../../server/source/syntax'
import type { Operator, Site } from '../mutant'
import type { OffsetEdit } from '../offsets'
import type { Specimen } from '../specimen'
import {
  isMember,
  isString,
  isSubscript,
  memberOf,
  objectOf,
  sourcesOf,
  type Argument,
  type Call,
  type Piece,
  type Source,
} from '../source'

/** An operator over every program of a specimen. */
export function onProgram(
  id: string,
  what: string,
  find: (source: Source, specimen: Specimen) => readonly Site[],
): Operator {
  return {
    id,
    target: 'program',
    what,
    sites: specimen => sourcesOf(specimen).flatMap(source => find(source, specimen)),
  }
}

/** Edits of one program. */
export function edits(source: Source, changes: readonly OffsetEdit[]): Site {
  return { edits: new Map([[source.path, [...changes].sort((a, b) => a.start - b.start)]]) }
}

/** Another text in place of a node. */
export function replace(source: Source, { start, end }: { start: number; end: number }, newText: string): Site {
  return edits(source, [{ start, end, newText }])
}

/** Two nodes that change places. */
export function swap(source: Source, a: SyntaxNode, b: SyntaxNode): Site | undefined {
  if (a.start < b.end && b.start < a.end) return undefined
  if (source.textOf(a) === source.textOf(b)) return undefined
  return edits(source, [
    { start: a.start, end: a.end, newText: source.textOf(b) },
    { start: b.start, end: b.end, newText: source.textOf(a) },
  ])
}

/** An argument taken out together with its comma. */
export function withoutArgument(source: Source, call: Call, index: number): Site | undefined {
  const [before, arg, after] = [call.args[index - 1], call.args[index], call.args[index + 1]]
  if (!arg) return undefined
  if (after) return replace(source, { start: arg.whole.start, end: after.whole.start }, '')
  return replace(source, { start: before ? before.whole.end : arg.whole.start, end: arg.whole.end }, '')
}

export const present = <T>(items: readonly (T | undefined)[]): T[] =>
  items.filter((item): item is T => item !== undefined)

/** Whether an argument stands for several. */
export const isSpread = ({ whole }: Argument): boolean => /splat|spread/.test(whole.type)

/** Names of calls that take a quantized weight with its scales and biases, by the position of the weight. */
export const quantizedCalls: ReadonlyMap<string, number> = new Map([
  ['dequantize', 0],
  ['quantized_matmul', 1],
  ['quantizedMatmul', 1],
  ['gather_qmm', 1],
  ['gatherQmm', 1],
  ['qqmm', 1],
])

/** The call's weight, scales and biases, however they are handed over. */
export function tripleOf(call: Call): { weight?: SyntaxNode; scales?: SyntaxNode; biases?: SyntaxNode } | undefined {
  const first = quantizedCalls.get(call.name)
  if (first === undefined) return undefined
  const at = (index: number, name: string): SyntaxNode | undefined => {
    const positional = call.args[index]
    if (positional && positional.keyword === undefined && !isSpread(positional)) return positional.value
    return call.args.find(({ keyword }) => keyword === name)?.value
  }
  const [weight, scales, biases] = [at(first, 'w'), at(first + 1, 'scales'), at(first + 2, 'biases')]
  return { ...(weight ? { weight } : {}), ...(scales ? { scales } : {}), ...(biases ? { biases } : {}) }
}

/** Whether a node may be followed by `.T` or `[…]` without parentheses. */
export function isTight(node: SyntaxNode): boolean {
  return (
    isMember(node) ||
    isSubscript(node) ||
    isString(node) ||
    /^(identifier|call|call_expression|non_null_expression|parenthesized_expression)$/.test(node.type)
  )
}

/** A node's text, in parentheses where something is to follow it. */
export const tight = (source: Source, node: SyntaxNode): string =>
  isTight(node) ? source.textOf(node) : `(${source.textOf(node)})`

/** `x.T` gives `x`. */
export function transposed(source: Source, node: SyntaxNode): SyntaxNode | undefined {
  const member = isMember(node) ? memberOf(node) : undefined
  return member && source.textOf(member) === 'T' ? objectOf(node) : undefined
}

/** The text of a string without holes. */
export function plainText(source: Source, node: SyntaxNode | undefined): string | undefined {
  if (!node || !isString(node)) return undefined
  const inside = source.pieces.filter(piece => piece.string === node)
  if (node.children.some(({ type }) => type === 'interpolation' || type === 'template_substitution')) return undefined
  return inside.map(({ text }) => text).join('')
}

/** Whether a piece of text names tensors: it shares a dotted part with a stored name, or is a suffix of one. */
export function isKeyText(piece: Piece, specimen: Specimen): boolean {
  const parts = namePartsOf(specimen)
  if (/\.(safetensors|json|npz|npy|gguf)$/.test(piece.text)) return false
  return (
    piece.text.length < 120 &&
    /^[\w.{}-]+$/.test(piece.text) &&
    piece.text.split('.').some(part => part !== '' && parts.has(part))
  )
}

const knownParts = new WeakMap<Specimen['files'], ReadonlySet<string>>()

/** Every dotted part of a stored name that is no number. */
export function namePartsOf({ files }: Specimen): ReadonlySet<string> {
  let parts = knownParts.get(files)
  if (!parts) {
    const names = [...files.values()].flatMap(file =>
      file.kind === 'shard' ? file.tensors.map(({ name }) => name) : [],
    )
    parts = new Set(names.flatMap(name => name.split('.')).filter(part => !/^\d*$/.test(part)))
    knownParts.set(files, parts)
  }
  return parts
}
