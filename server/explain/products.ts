// What a program does with the matrix that `mx.dequantize` returns: the operand of a matrix product, turned or not.
// `dequantize` returns [out, in], so `x @ w` needs `w.T`; without it non-square weights fail and square ones go wrong
// silently. Only what stands in the source is judged; a use that is not seen is not guessed at.

import type { Expr, Program, Span, Stmt } from '../source/ir'

type Node = Expr | Stmt

export interface Product {
  /** The product as written. */
  readonly span: Span
  readonly isTurned: boolean
}

/** Matrix products whose right operand is the value of the call at `span`, directly or through one local name. */
export function productsOf(program: Program, span: Span): readonly Product[] {
  const parents = parentsOf(program)
  const call = [...parents.keys()].find(
    node => node.kind === 'call' && node.span.start === span.start && node.span.end === span.end,
  )
  return call ? usesOf(call, parents, true) : []
}

function usesOf(value: Node, parents: ReadonlyMap<Node, Node | undefined>, mayFollow: boolean): Product[] {
  let node = value
  let isTurned = false
  for (;;) {
    const parent = parents.get(node)
    if (!parent) return []
    if (parent.kind === 'attribute' && parent.object === node) {
      if (parent.name === 'T') isTurned = !isTurned
      else if (!['transpose', 'swapaxes', 'astype'].includes(parent.name)) return []
      node = parent
      continue
    }
    if (parent.kind === 'call' && parent.callee === node && node.kind === 'attribute') {
      if (node.name === 'transpose' || node.name === 'swapaxes') isTurned = !isTurned
      node = parent
      continue
    }
    if (parent.kind === 'binary' && parent.op === '@' && parent.right === node) return [{ span: parent.span, isTurned }]
    if (parent.kind === 'call' && nameOf(parent.callee) === 'matmul' && parent.args[1]?.value === node)
      return [{ span: parent.span, isTurned }]
    if (parent.kind === 'call' && nameOf(parent.callee) === 'transpose' && parent.args[0]?.value === node) {
      isTurned = !isTurned
      node = parent
      continue
    }
    if (!mayFollow || parent.kind !== 'assign' || parent.value !== node || parent.target.kind !== 'name') return []
    return usesOfName(parent.target.name, parent, parents).map(use => ({
      ...use,
      isTurned: use.isTurned !== isTurned,
    }))
  }
}

/** Uses of a local name after its assignment, where the name is assigned once in its function. */
function usesOfName(name: string, assign: Stmt, parents: ReadonlyMap<Node, Node | undefined>): Product[] {
  const home = functionOf(assign, parents)
  const mentions = [...parents.keys()].filter(
    node => node.kind === 'name' && node.name === name && functionOf(node, parents) === home,
  )
  const isTarget = (node: Node) => {
    const parent = parents.get(node)
    return parent?.kind === 'assign' && parent.target === node
  }
  if (mentions.filter(isTarget).length !== 1) return []
  return mentions
    .filter(node => !isTarget(node) && node.span.start > assign.span.start)
    .flatMap(node => usesOf(node, parents, false))
}

const functionOf = (node: Node, parents: ReadonlyMap<Node, Node | undefined>): Node | undefined => {
  let at = parents.get(node)
  while (at && at.kind !== 'function' && at.kind !== 'class') at = parents.get(at)
  return at
}

const nameOf = (callee: Expr): string | undefined =>
  callee.kind === 'attribute' || callee.kind === 'name' ? callee.name : undefined

const kept = new WeakMap<Program, ReadonlyMap<Node, Node | undefined>>()

/** Every statement and expression of a program with the one that holds it. */
function parentsOf(program: Program): ReadonlyMap<Node, Node | undefined> {
  const known = kept.get(program)
  if (known) return known
  const parents = new Map<Node, Node | undefined>()
  const open: { value: unknown; parent: Node | undefined }[] = [{ value: program.body, parent: undefined }]
  for (let at = open.pop(); at; at = open.pop()) {
    const { value } = at
    if (typeof value !== 'object' || value === null) continue
    let parent = at.parent
    if (isNode(value)) {
      if (parents.has(value)) continue
      parents.set(value, parent)
      parent = value
    }
    for (const inner of Object.values(value)) open.push({ value: inner, parent })
  }
  kept.set(program, parents)
  return parents
}

const isNode = (value: object): value is Node => 'kind' in value && 'span' in value && typeof value.kind === 'string'
