// What only TypeScript and JavaScript have.

import { beforeAll, describe, expect, test } from 'vitest'
import { ir, lower, prepareGrammars } from '../../support/lower'

beforeAll(prepareGrammars)

const cases: readonly (readonly [string, string, string])[] = [
  ['optional chaining', 'a?.b?.[c]?.(d)', 'a?.b?.[c](d)'],
  ['nullish', 'x = a ?? b\ny ??= c\nz ||= d', 'x = (nullish a b)\ny = (nullish y c)\nz = (or z d)'],
  ['casts', 'f(a as T, b!, c satisfies U, <V>d)', 'f(a, b, c, d)'],
  [
    'what is said to be there, beside operators',
    'x = a + m![1] * -b!.c\ny = !d!.has(k) && n > e!.f\nz = g! ? typeof h![0] : "k!"',
    'x = (+ a (* m[1] (- b.c)))\ny = (and (not d.has(k)) (> n e.f))\nz = (if g typeof(h[0]) "k!")',
  ],
  ['generic call', 'f<T>(x)', 'f(x)'],
  ['new', 'x = new A(1)\ny = new b.C', 'x = new A(1)\ny = new b.C()'],
  ['undefined and void', 'x = undefined\ny = void 0\nz = typeof x', 'x = null\ny = null\nz = typeof(x)'],
  ['regex', String.raw`r = /^layers\.(\d+)/g`, String.raw`r = RegExp("^layers\\.(\\d+)", "g")`],
  ['tagged template', 't`a${b}`', 't(*texts*(["a", ""], ["a", ""]), b)'],
  ['template escapes', 'x = `\\n\\u{1F600}\\``', 'x = "\\n😀`"'],
  [
    'destructuring',
    'const { a, b: c, d = 1, e: [f, , g = 2], ...h } = o',
    '{"a": a, "b": c, "d": (default d 1), "e": [f, (unknown "hole"), (default g 2)], **h} = o',
  ],
  ['destructuring assignment', '({ a: x.y, b: z[0] } = o)', '{"a": x.y, "b": z[0]} = o'],
  [
    'parameters',
    'function f(this: T, { a, b = 1 }: P = {}, [c], d?: number) {}',
    'fn f({"a": a, "b": (default b 1)}={}, [c], d)',
  ],
  ['arrows', 'f = ({ a }) => ({ b: a })', 'f = (arrow ({"a": a}) => {"b": a})'],
  ['for of with pattern', 'for (const [k, v] of Object.entries(w)) f(k)', 'for [k, v] in Object.entries(w)\n  f(k)'],
  ['for in', 'for (const k in w) f(k)', 'for k in keys w\n  f(k)'],
  [
    'three-part for',
    'for (let i = 0, n = 4; i < n; i++) f(i)',
    'init\n  i = 0\n  n = 4\nwhile (< i n)\n  f(i)\nupdate\n  i += 1',
  ],
  ['endless for', 'for (;;) break', 'while true\n  break'],
  ['do', 'do { f() } while (x)', 'do while x\n  f()'],
  ['old value of a counter', 'a[i++] = b[--j]', 'a[(- (:=+ i 1) 1)] = b[(:=- j 1)]'],
  ['comma', 'x = (a, b)\nf(), g()', 'x = [a, b][1]\nf()\ng()'],
  ['label', 'outer: for (const a of b) { continue outer }', 'outer: for a in b\n  continue outer'],
  [
    'imports',
    'import d, { type T, a as b } from "m"\nimport "s"\nimport type { U } from "t"',
    'import m: default as d, a as b\nimport s:',
  ],
  ['require', 'const { a } = require("m")\nimport b = require("n")', '{"a": a} = require("m")\nb = require("n")'],
  ['commonjs exports', 'module.exports = { a }\nexports.b = c', 'module.exports = {"a": a}\nexports.b = c'],
  [
    'exports',
    'export const { a, b: [c] } = o\nexport { a as d }\nexport type { T }',
    '{"a": a, "b": [c]} = o\nexport a as a, c as c\nexport a as d',
  ],
  ['default exports', 'export default class A {}', 'class A()\n*default* = A\nexport *default* as default'],
  [
    're-exports',
    'export { a as b } from "./m"\nexport * from "n"\nexport * as c from "o"',
    'import ./m: a as *./m#a*\nexport *./m#a* as b\nimport n: * as *\nexport * as *\nimport o: module as *o*\nexport *o* as c',
  ],
  [
    'enum',
    'enum E { A, B = 4, C, D = f(), F }',
    'E = {"0": "A", "4": "B", "5": "C", **(unknown "enum member"), **(unknown "enum member"), "A": 0, "B": 4, "C": 5, "D": f(), "F": (unknown "enum member")}',
  ],
  [
    'namespace',
    'namespace N { export const a = 1; const b = 2 }',
    'N = (arrow ()\n  a = 1\n  b = 2\n  return {"a": a})()',
  ],
  ['declarations only', 'declare const a: number\ninterface I { a: number }\ntype T = I\nfunction f(): void', ''],
  [
    'class',
    'class A<T> extends B.C<T> implements I {\n  static readonly n = 1\n  #w: X\n  y = 2\n  "q" = 3\n  get w() { return this.#w }\n  async *g() { yield* f() }\n  abstract h(): void\n}',
    'class A(B.C)\n  static n = 1\n  field #w\n  field y = 2\n  field q = 3\n  @get fn w()\n    return this.#w\n  fn* g()\n    (yield* f())',
  ],
  [
    'parameter properties after super',
    'class A extends B { constructor(private w: X, y, readonly z = 1) { super(w); f() } }',
    'class A(B)\n  fn __init__(w, y, z=1)\n    super(w)\n    this.w = w\n    this.z = z\n    f()',
  ],
  ['static block', 'class A { static { f() } }', 'class A()\n  static *static* = (arrow ()\n  f())()'],
  [
    'object methods',
    'x = { a, f(b) { g() }, get h() { return 1 }, set h(v) {}, 0: c }',
    'x = {"a": a, "f": (fn f(b)\n  g()), "h": (@get fn h()\n  return 1), set "h": (@set fn h(v)), "0": c}',
  ],
  [
    'switch with fallthrough',
    'switch (a.b) { case 1: f(); case 2: g(); break; case 3: default: h(); return; case 4: i() }',
    '*subject* = a.b\nif (== *subject* 1)\n  f()\n  g()\nelse\n  if (== *subject* 2)\n    g()\n  else\n    if (== *subject* 4)\n      i()\n    else\n      h()\n      return',
  ],
  ['switch on true', 'switch (true) { case a > 1: f(); break }', 'if (> a 1)\n  f()'],
  [
    'break inside a branch of a switch',
    'switch (a) { case 1: if (b) break; f() }',
    'do while false\n  if (== a 1)\n    if b\n      break\n    f()',
  ],
  [
    'break of a loop inside a switch',
    'switch (a) { case 1: for (;;) break; f() }',
    'if (== a 1)\n  while true\n    break\n  f()',
  ],
  ['catch', 'try { f() } catch (e) { g(e) }', 'try\n  f()\nexcept as e\n  g(e)'],
]

describe('typescript', () => {
  test.each(cases)('%s', (_, text, expected) => {
    expect(lower('ts', text).syntaxErrors).toEqual([])
    expect(ir('ts', text)).toBe(expected)
  })

  test('javascript and jsx are read by the same lowering', () => {
    expect(ir('jsx', 'const a = <p b={f(c)} {...d}>{g()}</p>')).toBe('a = (unknown "jsx" f(c) *d g())')
    expect(ir('mjs', 'class A { #w = 1; static b; }')).toBe('class A()\n  static b = null\n  field #w = 1')
    expect(lower('cjs', '').language).toBe('javascript')
    expect(lower('cts', '').language).toBe('typescript')
  })
})
