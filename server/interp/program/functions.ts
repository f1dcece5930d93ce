// The functions of a program, methods and those inside others included.

import type { FunctionDef, Program, Stmt } from '../../source/ir'

const kept = new WeakMap<Program, readonly FunctionDef[]>()

/** Every function that is declared by name, an outer one before those inside it. */
export function functionsOf(program: Program): readonly FunctionDef[] {
  let known = kept.get(program)
  if (!known) kept.set(program, (known = collect(program.body)))
  return known
}

function collect(body: readonly Stmt[]): readonly FunctionDef[] {
  const found: FunctionDef[] = []
  // Programs may nest deeply: a stack of its own.
  const stack: (readonly Stmt[])[] = [body]
  const enter = (def: FunctionDef) => {
    found.push(def)
    stack.push(def.body)
  }
  for (let statements = stack.pop(); statements; statements = stack.pop())
    for (const s of statements) {
      if (s.kind === 'function') enter(s.def)
      else if (s.kind === 'class') s.def.methods.forEach(enter)
      else if (s.kind === 'if') stack.push(s.yes, s.no)
      else if (s.kind === 'for') stack.push(s.body, s.orElse)
      else if (s.kind === 'try') stack.push(s.body, ...s.handlers.map(h => h.body), s.orElse, s.finally)
      else if (s.kind === 'while' || s.kind === 'with' || s.kind === 'block') stack.push(s.body)
      // `const load = () => { … }` is a function of that name to people.
      else if (s.kind === 'assign' && s.value.kind === 'function' && s.target.kind === 'name') enter(s.value.def)
    }
  return found.sort((a, b) => a.span.start - b.span.start || b.span.end - a.span.end)
}

/** The innermost function that an offset lies in. */
export function functionAt(program: Program, offset: number): FunctionDef | undefined {
  return functionsOf(program).findLast(({ span }) => span.start <= offset && offset < span.end)
}
