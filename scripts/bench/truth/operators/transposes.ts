// Faults of orientation.

import { field, named, operatorOf, type SyntaxNode } from '../../../../server/source/syntax'
import type { Site } from '../mutant'
import type { Call, Source } from '../source'
import { isString, isSubscript } from '../source'
import { edits, isSpread, isTight, present, replace, swap, tight, transposed, tripleOf } from './sites'

const turning = new Set(['transpose', 'swapaxes', 'moveaxis', 'permute'])

/** The right operand of `@` or of a matrix product that is called. */
function factors(source: Source): { left: SyntaxNode; right: SyntaxNode }[] {
  const operators = source.nodes.flatMap(node => {
    const [left, right] = [field(node, 'left'), field(node, 'right')]
    return node.type === 'binary_operator' && operatorOf(node) === '@' && left && right ? [{ left, right }] : []
  })
  const called = source.calls.flatMap(({ name, args: [a, b] }) =>
    name === 'matmul' && a && b && !isSpread(a) && !isSpread(b) ? [{ left: a.value, right: b.value }] : [],
  )
  return [...operators, ...called]
}

const isFactor = (source: Source, node: SyntaxNode): boolean => factors(source).some(({ right }) => right === node)

/** What a transposing call turns: `x` of `x.transpose(…)` and of `mx.transpose(x, …)`. */
function turnedBy(source: Source, { name, receiver, args }: Call): SyntaxNode | undefined {
  if (!turning.has(name)) return undefined
  const isLibrary = receiver && /^(mx|np|torch|numpy)$/.test(source.textOf(receiver))
  return isLibrary ? args[0]?.value : receiver
}

export function dropTranspose(source: Source): Site[] {
  const members = source.nodes.flatMap(node => {
    const inner = transposed(source, node)
    return inner && !isFactor(source, node) ? [replace(source, node, source.textOf(inner))] : []
  })
  const calls = source.calls.flatMap(call => {
    const inner = turnedBy(source, call)
    return inner ? [replace(source, call.node, source.textOf(inner))] : []
  })
  return [...members, ...calls]
}

/** At one of the tensors of a quantized call. */
export function addTranspose(source: Source): Site[] {
  return source.calls.flatMap(call =>
    Object.values(tripleOf(call) ?? {})
      .filter(node => !/^(none|null|undefined)$/i.test(source.textOf(node)))
      .map(node => replace(source, node, `${tight(source, node)}.T`)),
  )
}

/** Where a tensor is looked up by a key, right behind it. */
export function addTransposeAtLookup(source: Source): Site[] {
  return source.nodes.flatMap(node => {
    if (!isSubscript(node) || isWritten(source, node)) return []
    const key = field(node, 'subscript') ?? field(node, 'index')
    const isTensor =
      key !== undefined && isString(key) && /(^|[^\w])(weight|scales|biases)["'`]$/.test(source.textOf(key))
    const parent = source.parentOf(node)
    const outer = parent?.type === 'non_null_expression' ? parent : node
    return isTensor ? [replace(source, outer, `${source.textOf(outer)}.T`)] : []
  })
}

/** Whether a node is assigned to or deleted, alone or among others. */
function isWritten(source: Source, node: SyntaxNode): boolean {
  for (
    let [child, parent] = [node, source.parentOf(node)];
    parent;
    [child, parent] = [parent, source.parentOf(parent)]
  ) {
    if (parent.type === 'delete_statement') return true
    if (field(parent, 'left') === child) return /assignment|for_/.test(parent.type)
    if (!/^(pattern_list|tuple_pattern|list_pattern|array_pattern|expression_list|tuple|array)$/.test(parent.type))
      return false
  }
  return false
}

export function transposeTriple(source: Source): Site[] {
  return source.calls.flatMap(call => {
    const nodes = Object.values(tripleOf(call) ?? {}).filter(
      node => !/^(none|null|undefined)$/i.test(source.textOf(node)),
    )
    if (nodes.length < 2) return []
    return [
      edits(
        source,
        nodes.map(node => ({ start: node.start, end: node.end, newText: `${tight(source, node)}.T` })),
      ),
    ]
  })
}

export function dropProductTranspose(source: Source): Site[] {
  return factors(source).flatMap(({ right }) => {
    const inner = transposed(source, right)
    return inner ? [replace(source, right, source.textOf(inner))] : []
  })
}

export function addProductTranspose(source: Source): Site[] {
  return factors(source).flatMap(({ right }) =>
    transposed(source, right) ? [] : [replace(source, right, `${tight(source, right)}.T`)],
  )
}

export function swapFactors(source: Source): Site[] {
  return present(
    factors(source).map(({ left, right }) => (isTight(left) && isTight(right) ? swap(source, left, right) : undefined)),
  )
}

/** `transpose=True` to `False` and back, and where it is left out, `False`. */
export function flipTransposeFlag(source: Source): Site[] {
  return source.calls.flatMap(({ name, args }) => {
    if (!/quantized_?matmul|gather_?qmm/i.test(name)) return []
    const flag = args.find(({ keyword }) => keyword === 'transpose') ?? args[4]
    if (flag) {
      const text = source.textOf(flag.value)
      const other: Readonly<Record<string, string>> = { True: 'False', False: 'True', true: 'false', false: 'true' }
      return other[text] === undefined ? [] : [replace(source, flag.value, other[text])]
    }
    const last = args.at(-1)
    if (!last || !source.isPython) return []
    return [replace(source, { start: last.whole.end, end: last.whole.end }, ', transpose=False')]
  })
}

/** Two axes of a transposing call change places. */
export function wrongTransposeAxes(source: Source): Site[] {
  return source.calls.flatMap(call => {
    const turned = turnedBy(source, call)
    if (!turned) return []
    const rest = call.args.filter(({ value }) => value !== turned).map(({ value }) => value)
    const [only] = rest
    const axes = rest.length === 1 && only && /^(list|tuple|array)$/.test(only.type) ? named(only) : rest
    const [a, b] = axes.slice(-2)
    const [first] = axes
    if (!a || !b || !first) return []
    // The two axes of a swap say the same in either order; there the first becomes another.
    if (axes.length > 2) return present([swap(source, a, b)])
    const text = source.textOf(first)
    return [replace(source, first, text === '0' || text === '-2' ? (text === '0' ? '1' : '-1') : '0')]
  })
}
