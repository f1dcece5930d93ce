// What can be told from a program's text alone, without running it: which names it calls, and whether a function
// mentions an operation that quantized weights end in. Answers are kept with the immutable tree they are about.

import type { Expr, FunctionDef, Program, Stmt } from '../source/ir'

type Visit = (e: Expr) => void

/** Names of functions and methods that some call in the programs names. */
export function calledNames(programs: readonly Program[]): ReadonlySet<string> {
  return new Set(programs.flatMap(p => [...calledIn(p)]))
}

const calledCache = new WeakMap<Program, ReadonlySet<string>>()
function calledIn(program: Program): ReadonlySet<string> {
  const known = calledCache.get(program)
  if (known) return known
  const names = new Set<string>()
  // `mx.load(…)` is a call of the library's load, not of a method of that name.
  const imported = new Set(importsOf(program).flatMap(s => s.bindings.map(b => b.local)))
  const ofImport = (e: Expr) => e.kind === 'attribute' && e.object.kind === 'name' && imported.has(e.object.name)
  walk(program.body, e => {
    if (e.kind === 'call' && (e.callee.kind === 'name' || e.callee.kind === 'attribute') && !ofImport(e.callee))
      names.add(e.callee.name)
  })
  calledCache.set(program, names)
  return names
}

const sinkNames = /^(dequantize|quantized_matmul|quantizedMatmul|gather_qmm)$/
const sinkCache = new WeakMap<FunctionDef, boolean>()

/** Whether a function's own body names a quantized operation. */
export function mentionsSink(f: FunctionDef): boolean {
  let known = sinkCache.get(f)
  if (known === undefined) {
    known = false
    walk(f.body, e => {
      if (
        e.kind === 'call' &&
        (e.callee.kind === 'name' || e.callee.kind === 'attribute') &&
        sinkNames.test(e.callee.name)
      )
        known = true
    })
    sinkCache.set(f, known)
  }
  return known
}

const importCache = new WeakMap<Program, readonly (Stmt & { kind: 'import' })[]>()
/** Every import of a program, wherever it stands. */
export function importsOf(program: Program): readonly (Stmt & { kind: 'import' })[] {
  let known = importCache.get(program)
  if (!known) {
    const found: (Stmt & { kind: 'import' })[] = []
    walkNodes(program.body, node => {
      if (node.kind === 'import') found.push(node as unknown as Stmt & { kind: 'import' })
    })
    importCache.set(program, (known = found))
  }
  return known
}

const walk = (body: readonly Stmt[], visit: Visit): void => walkNodes(body, node => visit(node as unknown as Expr))

/** Visits every node of the tree, with a stack of its own: programs may nest deeply. */
function walkNodes(root: unknown, visit: (node: { readonly kind: string }) => void): void {
  const stack: unknown[] = [root]
  while (stack.length > 0) {
    const node = stack.pop()
    if (Array.isArray(node)) for (const child of node) stack.push(child)
    else if (node && typeof node === 'object') {
      if ('kind' in node && typeof node.kind === 'string') visit(node as { readonly kind: string })
      for (const [key, child] of Object.entries(node))
        if (key !== 'span' && child && typeof child === 'object') stack.push(child)
    }
  }
}

const speakers = new WeakMap<Program, boolean>()
/** Words without which a program neither loads nor uses weights; one without them is run only where another imports it. */
const tensorWords = /mlx|safetensors|weights|scales|quantiz|load_file|checkpoint/i

/** Whether a program's text speaks of tensors at all. */
export function speaksOfTensors(program: Program): boolean {
  let known = speakers.get(program)
  if (known === undefined) speakers.set(program, (known = tensorWords.test(program.text)))
  return known
}
