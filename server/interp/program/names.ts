// What can be told from a program's text alone, without running it: which names it calls, and whether a function
// mentions an operation that quantized weights end in. Answers are kept with the immutable tree they are about.

import type { ClassDef, Expr, FunctionDef, Program, Stmt } from '../../source/ir'

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

/** Whether a function's own body holds such an expression; kept for each function. */
function holding(test: (e: Expr) => boolean): (f: FunctionDef) => boolean {
  const cache = new WeakMap<FunctionDef, boolean>()
  return f => {
    let known = cache.get(f)
    if (known === undefined) {
      known = false
      walk(f.body, e => void (known ||= test(e)))
      cache.set(f, known)
    }
    return known
  }
}

const sinkNames = /^(dequantize|quantized_matmul|quantizedMatmul|gather_qmm|qqmm)$/
/** Whether a function's own body names a quantized operation. */
export const mentionsSink = holding(
  e =>
    e.kind === 'call' && (e.callee.kind === 'name' || e.callee.kind === 'attribute') && sinkNames.test(e.callee.name),
)

/** Whether a function of JavaScript, or an arrow in it, names the list of its arguments, or whether it stands behind `new`. */
export const namesArguments = holding(e => e.kind === 'name' && (e.name === 'arguments' || e.name === 'new.target'))

/** Whether a function holds anything that its grammar or the lowering leaves unread. */
export const holdsUnread = holding(e => e.kind === 'unknown')

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

const requireCache = new WeakMap<Program, readonly string[]>()
/** What a program of JavaScript names in a `require(…)` or a dynamic `import(…)`. */
export function requiredBy(program: Program): readonly string[] {
  let known = requireCache.get(program)
  if (!known) {
    const found: string[] = []
    if (program.language !== 'python')
      walk(program.body, e => {
        if (e.kind !== 'call' || e.callee.kind !== 'name' || !/^(require|import)$/.test(e.callee.name)) return
        const module = e.args[0]?.value
        if (module?.kind === 'literal' && typeof module.value === 'string') found.push(module.value)
      })
    requireCache.set(program, (known = found))
  }
  return known
}

/** A module that a program imports by a name that it makes: the text before and behind what is put in. */
export interface DynamicImport {
  readonly before: string
  readonly behind: string
}

const dynamicCache = new WeakMap<Program, readonly DynamicImport[]>()
/**
 * What a program names in `importlib.import_module(…)`, or with a text that it makes in `import(…)`. Where the name is not written there, each of the
 * program's texts may be it.
 */
export function dynamicImports(program: Program): readonly DynamicImport[] {
  let known = dynamicCache.get(program)
  if (!known) {
    const found: DynamicImport[] = []
    let isAny = false
    if (program.language !== 'python')
      walk(program.body, e => {
        if (e.kind !== 'call' || e.callee.kind !== 'name' || !/^(require|import)$/.test(e.callee.name)) return
        const name = e.args[0] && nameAround(e.args[0].value)
        if (name && name.behind !== '' && name.before.startsWith('.')) found.push(name)
      })
    else if (program.text.includes('import_module'))
      walk(program.body, e => {
        if (e.kind !== 'call' || !(e.callee.kind === 'name' || e.callee.kind === 'attribute')) return
        if (e.callee.name !== 'import_module') return
        const name = e.args[0] && nameAround(e.args[0].value)
        if (name) found.push(name)
        else isAny = true
      })
    if (isAny)
      walk(program.body, e => {
        if (e.kind === 'literal' && typeof e.value === 'string' && /^\.*[A-Za-z_][\w.]*$/.test(e.value))
          found.push({ before: e.value, behind: '' })
      })
    dynamicCache.set(program, (known = found))
  }
  return known
}

/** The literal ends of a text; undefined where it begins with what is put in. */
function nameAround(e: Expr): DynamicImport | undefined {
  if (e.kind === 'literal' && typeof e.value === 'string') return { before: e.value, behind: '' }
  if (e.kind === 'binary' && e.op === '+') {
    const before = nameAround(e.left)?.before
    return before === undefined ? undefined : { before, behind: '*' }
  }
  if (e.kind !== 'template' || typeof e.parts[0] !== 'string') return undefined
  const last = e.parts[e.parts.length - 1]
  return { before: e.parts[0], behind: `*${e.parts.length > 1 && typeof last === 'string' ? last : ''}` }
}

/** Names that a target sets. */
export const namesIn = (target: Expr): ReadonlySet<string> =>
  new Set(
    target.kind === 'name'
      ? [target.name]
      : target.kind === 'list' || target.kind === 'tuple'
        ? target.items.flatMap(item => [...namesIn(item)])
        : target.kind === 'spread'
          ? namesIn(target.value)
          : [],
  )

/** Names that a body adds to, as in `count += 1`. */
export function writtenNames(body: readonly Stmt[]): readonly string[] {
  const names = new Set<string>()
  walkNodes(body, node => {
    const { op, target } = node as { op?: string; target?: Expr }
    if ((node.kind === 'assign' || node.kind === 'assignment') && op && target?.kind === 'name') names.add(target.name)
  })
  return [...names]
}

const mentionCache = new WeakMap<readonly Stmt[], ReadonlySet<string>>()
/** Whether a body names a variable. */
export function mentions(body: readonly Stmt[], name: string): boolean {
  let names = mentionCache.get(body)
  if (!names) {
    const found = new Set<string>()
    walk(body, e => {
      if (e.kind === 'name') found.add(e.name)
    })
    mentionCache.set(body, (names = found))
  }
  return names.has(name)
}

/** A call by its name and number of arguments (-1 where that is not known). */
export interface CallShape {
  readonly name: string
  readonly count: number
}

interface Effects {
  /** Whether something is written or removed by key, or an attribute is counted up, so that each turn has its own effect. */
  readonly byKey: boolean
  /** What is called. */
  readonly calls: ReadonlyMap<string, CallShape>
}

const effectsCache = new WeakMap<object, Effects>()
function effectsOf(body: object): Effects {
  let known = effectsCache.get(body)
  if (!known) {
    let byKey = false
    const calls = new Map<string, CallShape>()
    walkNodes(body, node => {
      const e = node as unknown as Stmt | Expr
      if (e.kind === 'assign' || e.kind === 'assignment')
        byKey ||= e.target.kind === 'index' || (e.op !== undefined && e.target.kind === 'attribute')
      else if (e.kind === 'delete') byKey ||= e.targets.some(t => t.kind === 'index')
      else if (e.kind === 'call') {
        const shape = callShape(e)
        if (!shape) return
        byKey ||= e.callee.kind === 'attribute' && keyWriters.test(shape.name)
        calls.set(`${shape.name} ${shape.count}`, shape)
      }
    })
    effectsCache.set(body, (known = { byKey, calls }))
  }
  return known
}

/** What a call names; undefined where it names nothing. */
export const callShape = ({ callee, args }: Expr & { kind: 'call' }): CallShape | undefined =>
  callee.kind === 'attribute' || callee.kind === 'name'
    ? { name: callee.name, count: args.some(a => a.spread) ? -1 : args.length }
    : undefined

/** Methods that change what a dict or a list holds. */
export const keyWriters =
  /^(pop|popitem|setdefault|update|set|delete|clear|remove|insert|push|append|add|extend|__setitem__)$/

const functionCache = new WeakMap<Program, ReadonlyMap<string, readonly FunctionDef[]>>()
/** Functions and methods of a program by name; a class's name stands for its constructor. */
export function functionsOf(program: Program): ReadonlyMap<string, readonly FunctionDef[]> {
  const known = functionCache.get(program)
  if (known) return known
  const found = new Map<string, FunctionDef[]>()
  const add = (name: string, def: FunctionDef): void => {
    const same = found.get(name)
    if (same) same.push(def)
    else found.set(name, [def])
  }
  walkNodes(program.body, node => {
    if (node.kind === 'function')
      add((node as unknown as { def: FunctionDef }).def.name, (node as never as { def: FunctionDef }).def)
    if (node.kind !== 'class') return
    const { def } = node as unknown as { def: ClassDef }
    for (const method of def.methods) {
      add(method.name, method)
      if (method.name === '__init__') add(def.name, method)
    }
  })
  functionCache.set(program, found)
  return found
}

/** Whether a function can be called with so many arguments, its receiver counted among them or not. */
export function takes(def: FunctionDef, count: number): boolean {
  if (count < 0 || def.params.some(p => p.rest)) return true
  const needed = def.params.filter(p => !p.default).length
  return count + 1 >= needed && count <= def.params.length
}

const keyWriterCache = new WeakMap<object, { readonly programs: readonly Program[]; readonly writes: boolean }>()
/** Whether a body, or anything that it may call by name, writes by key. */
export function writesByKey(programs: readonly Program[], body: readonly Stmt[] | Expr): boolean {
  const known = keyWriterCache.get(body)
  if (known?.programs === programs) return known.writes
  const writes = findKeyWriter(programs, body)
  keyWriterCache.set(body, { programs, writes })
  return writes
}

function findKeyWriter(programs: readonly Program[], body: readonly Stmt[] | Expr): boolean {
  const seen = new Set<string>()
  const open: object[] = [body]
  for (let next = open.pop(); next; next = open.pop()) {
    const { byKey, calls } = effectsOf(next)
    if (byKey) return true
    for (const [key, { name, count }] of calls) {
      if (seen.has(key)) continue
      seen.add(key)
      for (const program of programs)
        for (const def of functionsOf(program).get(name) ?? []) if (takes(def, count)) open.push(def.body)
    }
  }
  return false
}

const leaveCache = new WeakMap<readonly Stmt[], boolean>()
/** Whether a body holds a `return`, a `raise` or a `break`, so that what follows it may not be reached. */
export function leaves(body: readonly Stmt[]): boolean {
  let known = leaveCache.get(body)
  if (known === undefined) {
    let found = false
    walkNodes(body, node => {
      if (node.kind === 'return' || node.kind === 'raise' || node.kind === 'break') found = true
    })
    leaveCache.set(body, (known = found))
  }
  return known
}

const walk = (body: readonly Stmt[], visit: Visit): void => walkNodes(body, node => visit(node as unknown as Expr))

/** Visits every node of the tree, with a stack of its own: programs may nest deeply. */
export function walkNodes(root: unknown, visit: (node: { readonly kind: string }) => void): void {
  const stack: unknown[] = [root]
  while (stack.length > 0) {
    const node = stack.pop()
    if (Array.isArray(node)) for (const child of node) stack.push(child)
    else if (node && typeof node === 'object') {
      if ('kind' in node && typeof node.kind === 'string') visit(node as { readonly kind: string })
      // Not by Object.entries, which makes an array of arrays of every node.
      for (const key in node) {
        const child = (node as Record<string, unknown>)[key]
        if (typeof child === 'object' && child !== null && key !== 'span') stack.push(child)
      }
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

/** Whether `?.` stands in a chain of members and calls: where what is before it is nothing, the whole chain is. */
export function isChained(e: Expr): boolean {
  for (let at = e; ;) {
    if ((at.kind === 'attribute' || at.kind === 'index' || at.kind === 'call') && at.optional) return true
    if (at.kind === 'attribute' || at.kind === 'index') at = at.object
    else if (at.kind === 'call') at = at.callee
    else return false
  }
}
