// Where names live. Python has one scope for each function; JavaScript has one for each block that declares something,
// one for each turn of a loop, and names of outer scopes may be assigned anywhere.

import type { FunctionDef, Stmt } from '../../source/ir'
import type { FunctionValue, Scope, Value } from '../values/value'

export const isJavaScript = (scope: Scope) => scope.program.language !== 'python'

interface Declared {
  /** Functions are there before the first statement runs. */
  readonly functions: readonly (Stmt & { readonly kind: 'function' })[]
  /** Whether names are declared for the block alone. */
  readonly lexical: boolean
}

const declaredCache = new WeakMap<readonly Stmt[], Declared>()

/** What stands declared directly in a body. */
export function declaredIn(body: readonly Stmt[]): Declared {
  let known = declaredCache.get(body)
  if (!known) {
    const functions = body.filter(s => s.kind === 'function')
    const lexical =
      functions.length > 0 || body.some(s => s.kind === 'class' || (s.kind === 'assign' && s.declares === 'let'))
    declaredCache.set(body, (known = { functions, lexical }))
  }
  return known
}

/** A scope for a block inside `scope`. */
export const blockScope = (scope: Scope): Scope => ({
  vars: new Map(),
  parent: scope,
  program: scope.program,
  isBlock: true,
})

/** The scope in which a body runs: one of its own where JavaScript declares names in it. */
export const scopeFor = (body: readonly Stmt[], scope: Scope): Scope =>
  isJavaScript(scope) && declaredIn(body).lexical ? blockScope(scope) : scope

/** The scopes of the function that runs, innermost first. */
export function scopesOfFunction(scope: Scope): readonly Scope[] {
  const scopes = [scope]
  for (let s = scope; s.isBlock && s.parent; s = s.parent) scopes.push(s.parent)
  return scopes
}

/** The scope of the function around a block. */
export function functionScope(scope: Scope): Scope {
  let found = scope
  while (found.isBlock && found.parent) found = found.parent
  return found
}

/** The scope that holds a name, looking outwards. */
export function holderOf(scope: Scope, name: string): Scope | undefined {
  for (let s: Scope | undefined = scope; s; s = s.parent) if (s.vars.has(name)) return s
  return undefined
}

/** A function as a value where it is defined. */
export const functionValue = (def: FunctionDef, scope: Scope): FunctionValue => ({
  kind: 'function',
  def,
  program: scope.program,
  scope,
  ...(isJavaScript(scope) ? { attributes: new Map() } : {}),
})

/** What another module has under an imported name by now; undefined where that is no name of its own. */
export function importedNow({ imports }: Scope, name: string): Value | undefined {
  const link = imports?.get(name)
  return link?.from.vars.get(link.name)
}
