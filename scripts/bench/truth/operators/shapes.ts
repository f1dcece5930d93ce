// Faults of slices, axes and shapes.

import { field, named, operatorOf, type SyntaxNode } from '../../../../server/source/syntax'
import type { Site } from '../mutant'
import { isNumber, isSubscript, objectOf, type Source } from '../source'
import { edits, plainText, present, replace, tight } from './sites'

/** Whether a slice cuts a text: by its name, or by bounds that are lengths of texts. */
function cutsText(source: Source, subscript: SyntaxNode): boolean {
  const object = objectOf(subscript)
  const text = source.textOf(subscript)
  return (
    /len\(|removeprefix/.test(text) ||
    (object !== undefined && /^(k|key|name|path|full|stem|text|s|n|prefix|module|line)$/.test(source.textOf(object)))
  )
}

function slices(source: Source, ofText: boolean): { slice: SyntaxNode; subscript: SyntaxNode }[] {
  return source.nodes.flatMap(node =>
    isSubscript(node) && cutsText(source, node) === ofText
      ? named(node)
          .filter(({ type }) => type === 'slice')
          .map(slice => ({ slice, subscript: node }))
      : [],
  )
}

/** The bounds of slices; of JavaScript's `slice` calls the arguments. */
function bounds(source: Source, ofText: boolean): SyntaxNode[] {
  const calls = source.isPython
    ? []
    : source.calls.filter(({ name, receiver }) => name === 'slice' && receiver && ofText)
  return [
    ...slices(source, ofText).flatMap(({ slice }) => named(slice)),
    ...calls.flatMap(({ args }) => args.map(({ value }) => value)),
  ]
}

function offByOne(source: Source, node: SyntaxNode): Site {
  const text = source.textOf(node)
  if (isNumber(node)) return replace(source, node, String(Number(text) + 1))
  if (/^-\d+$/.test(text)) return replace(source, node, String(Number(text) + 1))
  return replace(source, node, `${tight(source, node)} + 1`)
}

export const wrongSliceBound = (source: Source): Site[] => bounds(source, false).map(node => offByOne(source, node))
export const wrongTextSlice = (source: Source): Site[] => bounds(source, true).map(node => offByOne(source, node))

/** A tensor is handed on whole. */
export function dropSlice(source: Source): Site[] {
  const seen = new Set<SyntaxNode>()
  return slices(source, false).flatMap(({ subscript }) => {
    const object = objectOf(subscript)
    if (!object || seen.has(subscript)) return []
    seen.add(subscript)
    return [replace(source, subscript, source.textOf(object))]
  })
}

/** The part of a split key that is looked at: `split(".")[2]`. */
export function nextPart(source: Source): Site[] {
  return source.nodes.flatMap(node => {
    const object = isSubscript(node) ? objectOf(node) : undefined
    const index = field(node, 'subscript') ?? field(node, 'index')
    const isParts = object && /split\(|^(parts|pieces|segments|fields)$/.test(source.textOf(object))
    return isParts && index && isNumber(index) ? [replace(source, index, String(Number(source.textOf(index)) + 1))] : []
  })
}

const alongAxis =
  /^(split|concatenate|concat|stack|take|squeeze|expand_dims|expandDims|sum|mean|argmax|softmax|repeat|array_split|cat|flatten)$/

/** Another axis where tensors are cut and put together. */
export function wrongAxis(source: Source): Site[] {
  return source.calls.flatMap(({ name, args, receiver }) => {
    if (!alongAxis.test(name)) return []
    const keyed = args.find(({ keyword }) => keyword === 'axis' || keyword === 'dim')?.value
    const position = name === 'split' || name === 'array_split' || name === 'repeat' || name === 'take' ? 2 : 1
    const isLibrary = receiver && /^(mx|np|torch)$/.test(source.textOf(receiver))
    const axis = keyed ?? (isLibrary ? args[position] : args[position - 1])?.value
    if (!axis || plainText(source, axis) !== undefined) {
      const last = args.at(-1)
      const cuts = /^(split|concatenate|stack)$/.test(name)
      if (!isLibrary || !last || !source.isPython || args.length > position || !cuts) return []
      return [replace(source, { start: last.whole.end, end: last.whole.end }, ', axis=1')]
    }
    const text = source.textOf(axis)
    if (!/^-?\d$/.test(text)) return []
    return [replace(source, axis, text === '0' ? (args.length > 0 ? '1' : '-1') : '0')]
  })
}

/** One number of the shape that is asked for is doubled. */
export function wrongReshape(source: Source): Site[] {
  return source.calls.flatMap(({ name, args }) => {
    if (!/^(reshape|view|unflatten|broadcast_to|broadcastTo)$/.test(name)) return []
    const sizes = args.flatMap(({ value }) => (/^(list|tuple|array)$/.test(value.type) ? named(value) : [value]))
    const wrong = sizes.findLast(size => isNumber(size) && source.textOf(size) !== '1')
    if (wrong) return [replace(source, wrong, String(Number(source.textOf(wrong)) * 2))]
    const names = sizes.filter(
      ({ type }) => type === 'identifier' || type === 'binary_operator' || type === 'binary_expression',
    )
    const last = names.at(-1)
    return last && names.length > 1 ? [replace(source, last, `${tight(source, last)} * 2`)] : []
  })
}

/** The number of parts of a split. */
export function wrongPartCount(source: Source): Site[] {
  return source.calls.flatMap(({ name, args }) => {
    if (!/^(split|array_split)$/.test(name)) return []
    const count = args.find(({ keyword, value }) => keyword === undefined && isNumber(value))?.value
    return count ? [replace(source, count, String(Number(source.textOf(count)) + 1))] : []
  })
}

/** The 32 of `32 // bits`, and the factors of other sums over sizes. */
export function wrongPackFactor(source: Source): Site[] {
  return source.nodes.flatMap(node => {
    if (!/^binary_(operator|expression)$/.test(node.type) || !/^(\/\/|\/|\*|<<|>>)$/.test(operatorOf(node))) return []
    const wrong: Readonly<Record<string, string>> = { '32': '16', '8': '4', '64': '32' }
    return present(
      [field(node, 'left'), field(node, 'right')].map(side => {
        const other = side && isNumber(side) ? wrong[source.textOf(side)] : undefined
        return side && other ? replace(source, side, other) : undefined
      }),
    )
  })
}

const dtypes: Readonly<Record<string, string>> = { uint32: 'int32', uint8: 'uint32', int32: 'uint32' }

/** Another dtype where bytes are read as numbers. */
export function wrongDtype(source: Source): Site[] {
  return source.calls.flatMap(({ name, args }) => {
    if (!/^(view|astype|array|zeros|frombuffer)$/.test(name)) return []
    return args.flatMap(({ value }) => {
      const found = /^(?:mx|np)\.(\w+)$/.exec(source.textOf(value))?.[1]
      const other = found === undefined ? undefined : dtypes[found]
      return found && other
        ? [edits(source, [{ start: value.end - found.length, end: value.end, newText: other }])]
        : []
    })
  })
}
