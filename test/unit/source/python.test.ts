// What only Python has.

import { beforeAll, describe, expect, test } from 'vitest'
import { ir, lower, prepareGrammars } from '../../support/lower'

beforeAll(prepareGrammars)

const cases: readonly (readonly [string, string, string])[] = [
  ['conversions', 'f"{x!r}{y!s}{z=}"', '(template repr(x) str(y) "z=" repr(z))'],
  ['integer pad', 'f"{i:02d}.{j:d}"', '(template format(i, "02d") "." j)'],
  ['other specification', 'f"{x:>{w}.3f}"', '(template (unknown "format specification" x w))'],
  ['adjacent literals', `("a" f"b{c}" 'd')`, '(template "ab" c "d")'],
  ['raw', String.raw`r"\d\n" + rf"\w{x}"`, String.raw`(+ "\\d\\n" (template "\\w" x))`],
  ['triple', '"""a\n"b" """', String.raw`"a\n\"b\" "`],
  ['line continuation in a string', '"a\\\nb"', '"ab"'],
  ['unknown escape stays', String.raw`"\d\N{BULLET}"`, String.raw`"\\d\\N{BULLET}"`],
  ['bytes', 'b"a"', '(unknown "bytes")'],
  ['slices', 'a[..., None, 1:, ::2, :-1]', 'a[(tuple Ellipsis null 1: ::2 :(- 1))]'],
  ['one-tuple index', 'a[i,]', 'a[(tuple i)]'],
  [
    'chained comparison',
    'a < b <= c is not d not in e',
    '(and (and (and (< a b) (<= b c)) (is not c d)) (not in d e))',
  ],
  [
    'list comprehension',
    '[f(x) for x, y in a if x if y for z in b]',
    '(list f(x) for (tuple x y) in a if x if y for z in b)',
  ],
  ['dict comprehension', '{k: v for k, v in a.items()}', '(dict k: v for (tuple k v) in a.items())'],
  ['generator argument', 'sum(x for x in y)', 'sum((generator x for x in y))'],
  ['set', '{1, 2}', '(set 1 2)'],
  ['keyword arguments', 'f(a, b=1, *c, **d)', 'f(a, b=1, *c, **d)'],
  ['parameters', 'lambda a, /, b=1, *, c, **d: 0', '(fn (a, b=1, @c, **d) => 0)'],
  ['keyword-only after *args', 'def f(*a, b): pass', 'fn f(*a, @b)\n  pass'],
  ['annotated', 'x: int = 3\ny: int', 'x = 3'],
  ['several targets', 'a = b.c = f()', 'b.c = f()\na = b.c'],
  ['starred target', '(a, *b), c = d', '(tuple (tuple a *b) c) = d'],
  ['matrix product', 'x @= y @ z', 'x @= (@ y z)'],
  [
    'relative imports',
    'from . import a\nfrom ..b.c import d as e\nfrom x import *',
    'import .: a as a\nimport ..b.c: d as e\nimport x: * as *',
  ],
  ['imports', 'import a.b, c.d as e', 'import a: module as a\nimport c.d: module as e'],
  ['future', 'from __future__ import annotations', ''],
  ['with', 'async with f() as (a, b), g(): pass', 'with f() as (tuple a b), g()\n  pass'],
  ['parenthesized with', 'with (f() as a, g() as b): pass', 'with f() as a, g() as b\n  pass'],
  ['one item in parentheses', 'with (f() as a): pass', 'with f() as a\n  pass'],
  [
    'exceptions',
    'try: f()\nexcept (A, b.C) as e: g()\nexcept D: pass\nelse: h()',
    'try\n  f()\nexcept A|b.C as e\n  g()\nexcept D\n  pass\nelse\n  h()',
  ],
  ['for else', 'for a in b: pass\nelse: f()', 'for a in b\n  pass\nelse\n  f()'],
  ['names', 'global a, b\nnonlocal c', 'global a, b\nglobal c'],
  ['assert and del', 'assert a, "m"\ndel b, c[0]', 'assert a\ndelete b, c[0]'],
  ['yield', 'def f():\n  x = yield a\n  yield from b', 'fn* f()\n  x = (yield a)\n  (yield* b)'],
  [
    'a lambda that yields does not make its function one',
    'def f():\n  g = lambda: (yield)',
    'fn f()\n  g = (fn* () => (yield))',
  ],
  ['ellipsis as a body', 'def f(): ...', 'fn f()\n  pass'],
  [
    'dataclass keeps the order of its fields',
    '@dataclass(frozen=True)\nclass A:\n  b: int\n  c: int = 4\n  def f(self): x: int',
    '@dataclass(frozen=True) class A()\n  static b = (unknown "annotation")\n  static c = 4\n  fn f(self)',
  ],
  [
    'class body under a condition',
    'class A:\n  if x:\n    a = 1\n  else:\n    def f(self): pass\n  b, c = 1, 2',
    'class A()\n  static a = 1\n  static b = 1\n  static c = 2\n  fn f(self)\n    pass',
  ],
  [
    'captures, guards and values',
    'match f(x):\n  case A.B: p()\n  case n if n > 1: q()\n  case -1 | None: r()\n  case "a" as s: t()',
    [
      '*subject* = f(x)',
      'if (== *subject* A.B)',
      '  p()',
      'else',
      '  n = *subject*',
      '  if (> n 1)',
      '    q()',
      '  else',
      '    if (or (== *subject* -1) (is *subject* null))',
      '      r()',
      '    else',
      '      if (== *subject* "a")',
      '        s = *subject*',
      '        t()',
    ].join('\n'),
  ],
  [
    'patterns that look inside',
    'match x:\n  case [1, *rest]: f()\n  case P(a=1, b=c): g()',
    'if (and (and isinstance(x, (tuple list tuple)) (>= len(x) 1)) (== x[0] 1))\n  rest = list(x[1:])\n  f()\nelse\n  if (and isinstance(x, P) (== x.a 1))\n    c = x.b\n    g()',
  ],
  [
    'patterns of which the parts do not say all',
    'match x:\n  case {"k": "v", **rest}: f()\n  case str(s): g(s)\n  case P(a): h()\n  case [1] | [2]: i()\n  case [a, *_, b] | (b, a): j()',
    'if (and (and isinstance(x, dict) (in "k" x)) (== x["k"] "v"))\n  rest = (dict #key: #value for (tuple #key #value) in x.items() if (not in #key (tuple "k")))\n  f()\nelse\n  if isinstance(x, str)\n    s = x\n    g(s)\n  else\n    if (and isinstance(x, P) (unknown "pattern" x))\n      a = (unknown "pattern")\n      h()\n    else\n      if (or (and (and isinstance(x, (tuple list tuple)) (== len(x) 1)) (== x[0] 1)) (and (and isinstance(x, (tuple list tuple)) (== len(x) 1)) (== x[0] 2)))\n        i()\n      else\n        if (unknown "pattern" x)\n          a = (unknown "pattern")\n          b = (unknown "pattern")\n          b = (unknown "pattern")\n          a = (unknown "pattern")\n          j()',
  ],
]

describe('python', () => {
  test.each(cases)('%s', (_, text, expected) => {
    const program = lower('py', text)
    expect(program.syntaxErrors).toEqual([])
    expect(ir('py', text)).toBe(expected)
  })
})
