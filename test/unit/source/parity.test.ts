// The same meaning in Python and in TypeScript gives the same representation.

import { beforeAll, describe, expect, test } from 'vitest'
import { ir, prepareGrammars } from '../../support/lower'

beforeAll(prepareGrammars)

/** Python, TypeScript, and what both become. */
const pairs: readonly (readonly [string, string, string, string])[] = [
  ['assignment', 'w = weights["a.weight"]', 'const w = weights["a.weight"]', 'w = weights["a.weight"]'],
  ['no value', 'x = None', 'let x', 'x = null'],
  ['template', 'k = f"layers.{i}.{name}"', 'const k = `layers.${i}.${name}`', 'k = (template "layers." i "." name)'],
  ['template without parts', 'k = f"a{{b}}"', 'const k = `a{b}`', 'k = "a{b}"'],
  ['nested template', `k = f"a{f'b{c}'}"`, 'k = `a${`b${c}`}`', 'k = (template "a" (template "b" c))'],
  ['escapes', String.raw`k = "\x41\u00e9\n\t\\\'"`, String.raw`k = "\x41\u00e9\n\t\\\'"`, String.raw`k = "Aé\n\t\\'"`],
  ['numbers', 'n = 0x1F + 1_000 + 0b11', 'n = 0x1F + 1_000 + 0b11', 'n = (+ (+ 31 1000) 3)'],
  ['method call', 'x = mx.load("a").T', 'x = mx.load("a").T', 'x = mx.load("a").T'],
  ['spread', 'f(*a, *b)', 'f(...a, ...b)', 'f(*a, *b)'],
  ['list', 'x = [*a, 1]', 'x = [...a, 1]', 'x = [*a, 1]'],
  ['dict', 'x = {"a": 1, **b}', 'x = { a: 1, ...b }', 'x = {"a": 1, **b}'],
  ['computed key', 'x = {k: 1}', 'x = { [k]: 1 }', 'x = {k: 1}'],
  ['logic', 'x = a and not b or c', 'x = a && !b || c', 'x = (or (and a (not b)) c)'],
  ['comparison', 'x = a == b != c', 'x = a === b && b !== c', 'x = (and (== a b) (!= b c))'],
  ['conditional', 'x = a if t else b', 'x = t ? a : b', 'x = (if t a b)'],
  ['augmented', 'x += 1', 'x++', 'x += 1'],
  ['power and shift', 'x = a ** b << c', 'x = a ** b << c', 'x = (<< (** a b) c)'],
  ['unary', 'x = -a + ~b', 'x = -a + ~b', 'x = (+ (- a) (~ b))'],
  ['parentheses', 'x = (a + b).T', 'x = (a + b).T', 'x = (+ a b).T'],
  ['await', 'await f(x)', 'await f(x)', 'f(x)'],
  ['lambda', 'f = lambda x: x.T', 'f = x => x.T', 'f = (fn (x) => x.T)'],
  ['unpacking', '[a, b] = c', 'const [a, b] = c', '[a, b] = c'],
  ['loop', 'for x in xs:\n  f(x)', 'for (const x of xs) f(x)', 'for x in xs\n  f(x)'],
  [
    'while',
    'while x:\n  if a: break\n  continue',
    'while (x) { if (a) break; continue }',
    'while x\n  if a\n    break\n  continue',
  ],
  ['delete', 'del w["a"]', 'delete w["a"]', 'delete w["a"]'],
  [
    'if chain',
    'if a:\n  f()\nelif b:\n  g()\nelse:\n  h()',
    'if (a) f()\nelse if (b) { g() } else { h() }',
    'if a\n  f()\nelse\n  if b\n    g()\n  else\n    h()',
  ],
  [
    'cases',
    'match mode:\n  case "a" | "b":\n    f()\n  case _:\n    g()',
    'switch (mode) { case "a": case "b": f(); break; default: g() }',
    'if (or (== mode "a") (== mode "b"))\n  f()\nelse\n  g()',
  ],
  [
    'function',
    'def f(a, b=1, *c):\n  return a',
    'function f(a, b = 1, ...c) { return a }',
    'fn f(a, b=1, *c)\n  return a',
  ],
  ['generator', 'def f():\n  yield 1', 'function* f() { yield 1 }', 'fn* f()\n  (yield 1)'],
  ['error', 'raise E("x")', 'throw E("x")', 'raise E("x")'],
  [
    'try',
    'try:\n  f()\nexcept:\n  g()\nfinally:\n  h()',
    'try { f() } catch { g() } finally { h() }',
    'try\n  f()\nexcept\n  g()\nfinally\n  h()',
  ],
  ['walrus', 'f(x := 1)', 'f(x = 1)', 'f((:= x 1))'],
  ['module import', 'import m as a', 'import * as a from "m"', 'import m: module as a'],
  ['named import', 'from m import x as y, z', 'import { x as y, z } from "m"', 'import m: x as y, z as z'],
  [
    'class',
    'class A(B):\n  n = 1\n  def __init__(self, w):\n    f(w)\n  @staticmethod\n  def s():\n    pass',
    'class A extends B {\n  static n = 1\n  constructor(self, w) { f(w) }\n  static s() {}\n}',
    'class A(B)\n  static n = 1\n  fn __init__(self, w)\n    f(w)\n  @static fn s()',
  ],
]

/** What is written differently and means the same: decorators, arrows, `pass`. */
const plain = (text: string): string =>
  text
    .replace(/@staticmethod/g, '@static')
    .replace(/\n *pass/g, '')
    .replace(/arrow/g, 'fn')

describe('both languages', () => {
  test.each(pairs)('%s', (_, python, typescript, expected) => {
    expect(plain(ir('py', python))).toBe(expected)
    expect(plain(ir('ts', typescript))).toBe(expected)
  })
})
