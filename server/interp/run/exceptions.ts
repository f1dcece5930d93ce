// `try`, `raise` and what is caught, in both languages.

import type { Expr, Stmt } from '../../source/ir'
import { evaluate } from './expressions'
import { type Machine, place, unknown } from './machine'
import { errorsOf, fail, type Failure, isCaughtBy, Raised, type Refusal } from './refusals'
import { blockScope, isJavaScript } from './scopes'
import { branch, type Completion, execute, executeBlock } from './statements'
import { isString, type Scope, type Value } from '../values/value'

/** Runs a `try` with what may be raised in it. */
export function attempt(m: Machine, s: Stmt & { kind: 'try' }, scope: Scope): Completion {
  const catches = s.handlers.some(
    h => h.types.length === 0 || h.types.some(t => /(^|\.)(ValueError|RuntimeError|Exception|BaseException)$/.test(t)),
  )
  // A handler that only raises again, or ends the program with a failure, hides nothing.
  const goesOn = s.handlers.some(h => !h.body.some(endsInFailure))
  const swallows = catches && goesOn
  const missing = s.handlers.some(
    h => h.types.length === 0 || h.types.some(t => /(^|\.)(KeyError|LookupError|Exception|BaseException)$/.test(t)),
  )
  const before = { ...m }
  if (swallows) m.guarded++
  if (missing && goesOn) m.keyGuarded++
  if (s.handlers.length > 0) m.catching++
  let completion: Completion
  let refusal: Refusal | undefined
  let value: Value | undefined
  try {
    completion = executeBlock(m, s.body, scope)
  } catch (error) {
    if (!(error instanceof Raised)) throw error
    refusal = error.refusal
    value = error.value
    completion = 'raise'
    const { alternative, depth, frame, turns, summaries } = before
    Object.assign(m, { alternative, depth, frame, turns, summaries })
  }
  const { guarded, keyGuarded, catching } = before
  Object.assign(m, { guarded, keyGuarded, catching })
  const [handler] = s.handlers
  // What was asked for in the body may not be there: then the handler runs.
  if (m.doubts > before.doubts && handler && completion !== 'raise') branch(m, undefined, handler.body, [], scope)
  if (completion === 'next') completion = execute(m, s.orElse, scope)
  if (completion === 'raise' && s.handlers.length > 0 && !m.dead) completion = handle(m, s, refusal, value, scope)
  if (m.frame.halted) return completion
  const last = executeBlock(m, s.finally, scope)
  return last === 'next' ? completion : last
}

/** Whether a statement raises, or says to whoever runs the program that it failed. */
export function endsInFailure(s: Stmt): boolean {
  if (s.kind === 'raise') return true
  if (s.kind === 'assign') return s.target.kind === 'attribute' && s.target.name === 'exitCode' && isFailure(s.value)
  if (s.kind !== 'expression' || s.value.kind !== 'call') return false
  const { callee, args } = s.value
  const isExit = callee.kind === 'attribute' && callee.name === 'exit' && callee.object.kind === 'name'
  return isExit && /^(process|sys)$/.test(callee.object.name) && args[0] !== undefined && isFailure(args[0].value)
}

const isFailure = (code: Expr): boolean => code.kind === 'literal' && Boolean(code.value)

/** Runs the handler that catches; where it is not known what was raised, the first. */
function handle(
  m: Machine,
  s: Stmt & { kind: 'try' },
  refusal: Refusal | undefined,
  value: Value | undefined,
  scope: Scope,
): Completion {
  const handler = refusal ? s.handlers.find(h => isCaughtBy(refusal, h.types)) : s.handlers[0]
  if (!handler) {
    if (refusal) fail(m, refusal)
    return 'raise'
  }
  const inner = isJavaScript(scope) ? blockScope(scope) : scope
  if (handler.name) inner.vars.set(handler.name, value ?? unknown(m, 'an exception'))
  const { handling } = m
  m.handling = refusal
  try {
    return executeBlock(m, handler.body, inner)
  } finally {
    m.handling = handling
  }
}

/** `raise`: what is raised in a handler is the consequence of what the handler was entered for. */
export function raise(m: Machine, s: Stmt & { kind: 'raise' }, scope: Scope): void {
  const value = s.value && evaluate(m, s.value, scope)
  const type = s.value?.kind === 'call' ? evaluate(m, s.value.callee, scope) : value
  if (m.handling) {
    failWith(m, value, type ? { ...m.handling, errors: errorNames(type) } : m.handling)
    return
  }
  const given = s.value?.kind === 'call' ? s.value.args[0]?.value : undefined
  const text = given && evaluate(m, given, scope)
  const names = type ? errorNames(type) : errorsOf('Exception')
  if (names[0] === 'SystemExit' && given?.kind !== 'template' && !failsWith(text)) return
  const message = text && isString(text) ? `: ${text.value}` : ''
  failWith(m, value, {
    at: place(scope.program, s.span),
    kind: 'error',
    found: 'the program comes here with this checkpoint and raises',
    expected: undefined,
    raises: `${names[0]}${message}`,
    errors: names,
    tensors: [],
  })
}

/** Fails with what the program made for it, which a handler is given. */
function failWith(m: Machine, value: Value | undefined, refusal: Failure): void {
  try {
    fail(m, refusal)
  } catch (error) {
    if (error instanceof Raised && value?.kind === 'instance') error.value = value
    throw error
  }
}

/** Whether a program that ends with this code says that it failed: a text, or a number that is not zero. */
const failsWith = (code: Value | undefined): boolean =>
  code !== undefined && (code.kind === 'template' || (code.kind === 'const' && Boolean(code.value)))

/** Names of an exception's class and its bases. */
function errorNames(v: Value): readonly string[] {
  if (v.kind === 'library') return errorsOf(v.name.replace(/^.*\./, ''))
  if (v.kind === 'instance') return errorNames(v.of)
  if (v.kind === 'class') return [v.def.name, ...v.bases.flatMap(errorNames)]
  return errorsOf('Exception')
}
