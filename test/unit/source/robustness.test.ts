// Sources are strangers: half-written, deep, long or not programs at all. Spans count UTF-16 units.

import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { parseSyntax, walksDirectly } from '../../../server/source/grammars'
import { languageOf } from '../../../server/source/index'
import type { Span } from '../../../server/source/ir'
import { showProgram } from '../../../server/source/showIr'
import { ir, lower, prepareGrammars } from '../../support/lower'

beforeAll(prepareGrammars)

const python = `"""Loads 🎉 weights."""
import mlx.core as mx
from .model import (
    Attention,  # 🎉
)

class Loader(Base):
    suffixes: tuple = (".weight", ".scales")

    def __init__(self, path, *, bits=4):
        self.weights = mx.load(f"{path}/model-{0:05d}.safetensors")
        self.names = {k: v for k, v in self.weights.items() if k.startswith("model.")}

    async def load(self, layer, i):
        for name in ["q_proj", "k_proj"]:
            if (key := f"layers.{i}.{name}.weight") in self.weights and i % 2 == 0:
                proj = getattr(layer, name)
                proj.load(self.weights[key].T, *self.rest(key), bits=self.bits)
            else:
                continue
        match self.mode:
            case "a" | "b":
                return lambda x: x @ self.w[..., ::2]
        try:
            yield mx.dequantize(
                self.w,
                group_size=64,
            )
        except (KeyError, ValueError) as error:
            raise RuntimeError("🎉") from error
`
const typescript = `import { core as mx } from '@frost-beta/mlx'
export class Loader<T> extends Base {
  #weights: Record<string, mx.array> = {}
  static readonly suffixes = ['.weight', '.scales'] as const
  constructor(private path: string, readonly bits = 4) {
    super(path)
    this.#weights = mx.load(\`\${path}/model 🎉.safetensors\`)
  }
  async load({ layers, norm: { eps = 1e-5 } }: Model, ...rest: string[]): Promise<void> {
    for (const [i, layer] of layers.entries()) {
      for (const name of ['q_proj', 'k_proj']) {
        const key = \`layers.\${i}.\${name}.weight\`
        if (!(key in this.#weights)) continue
        layer[name]?.load(this.#weights[key]!.T, ...rest)
      }
    }
    switch (this.mode) {
      case 'a':
      case 'b': { await this.x?.(); break }
      default: throw new Error('🎉')
    }
    const re = /(\\d+)\\.[/]/g
    for (let i = 0; i < 4; i++) y ??= (a, b)
  }
}
export default (x: T) => ({ ...x, y: x as U })
`

test.each([
  ['py', python],
  ['ts', typescript],
  ['js', typescript],
])('a whole program in %s has no syntax errors, and every prefix of it is lowered', (extension, text) => {
  if (extension !== 'js') expect(lower(extension, text).syntaxErrors).toEqual([])
  const lines = text.split('\n')
  for (let count = 0; count <= lines.length; count++) {
    const cut = lines.slice(0, count).join('\n')
    expect(() => showProgram(lower(extension, cut))).not.toThrow()
  }
})

test('what stands before and after a syntax error is lowered all the same', () => {
  const program = lower('py', 'a = f(1)\nb = = 2\nc = g(3)\n')
  expect(program.syntaxErrors.length).toBeGreaterThan(0)
  expect(showProgram(program)).toMatch(/^a = f\(1\)$/m)
  expect(showProgram(program)).toMatch(/^c = g\(3\)$/m)
  const typed = lower('ts', 'const a = f(1)\nconst b = ) 2\nconst c = g(3)\n')
  expect(typed.syntaxErrors.length).toBeGreaterThan(0)
  expect(showProgram(typed)).toMatch(/^a = f\(1\)$/m)
  expect(showProgram(typed)).toMatch(/^c = g\(3\)$/m)
})

test('a missing bracket is an error with a place', () => {
  const program = lower('ts', 'if (a { b() }')
  expect(program.syntaxErrors).toEqual([{ start: 5, end: 5 }])
  expect(showProgram(program)).toBe('if (unknown "parenthesized_expression" a)\n  b()')
})

test('a line of which a part could not be read says nothing definite', () => {
  // The parser by itself reads this as `x = 1` with something unreadable in the middle.
  expect(ir('py', 'x = [a\ny = 1\n')).toMatch(/^x = \(unknown "syntax error"[^]*\ny = 1$/)
})

test.each(['py', 'ts', 'js'])('any text at all is lowered in %s', extension => {
  const pieces = [
    'f(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '"',
    "'",
    '`${',
    ':',
    '\n',
    '\n  ',
    'if x',
    'class A',
    'def f',
    '=>',
    '=',
    ',',
  ]
  const token = fc.oneof(fc.constantFrom(...pieces, ...'a.+*🎉#@;\\\0'), fc.string({ maxLength: 4, unit: 'binary' }))
  fc.assert(
    fc.property(fc.array(token, { maxLength: 25 }), tokens => {
      expect(typeof ir(extension, tokens.join(''))).toBe('string')
    }),
    { numRuns: 150 },
  )
})

describe('deep sources do not overflow the stack', () => {
  const deep = 10_000
  test.each([
    ['py', `x = ${'('.repeat(deep)}a${')'.repeat(deep)}`],
    ['py', `x = ${'['.repeat(deep)}a${']'.repeat(deep)}`],
    ['py', `x = a${'.b'.repeat(deep)}`],
    ['py', `x = ${'lambda: '.repeat(deep)}1`],
    ['ts', `x = ${'f('.repeat(deep)}a${')'.repeat(deep)}`],
    ['ts', `x = ${'() => {'.repeat(3000)}1${'}'.repeat(3000)}`],
    ['ts', `x = ${'a ? b : '.repeat(deep)}1`],
    ['ts', 'if (a) {} '.concat('else if (b) {} '.repeat(3000))],
    ['ts', '{'.repeat(deep)],
    ['js', '('.repeat(deep)],
  ])('%s %#', (extension, text) => {
    expect(ir(extension, text).length).toBeLessThan(200_000)
  })

  test.each(['py', 'ts'])('a long chain of operators in %s keeps its operands', extension => {
    const text = `x = ${Array.from({ length: deep }, (_, i) => `f(${i})`).join(' + ')}`
    const shown = ir(extension, text)
    expect(shown).toContain('(unknown "chain too long" f(0) f(1) f(2) ')
    expect(shown).toContain(`f(${deep - 1})`)
  })

  test('a chain below the cap stays exact', () => {
    const shown = ir('py', `x = ${Array.from({ length: 150 }, () => 'a').join(' + ')}`)
    expect(shown).not.toContain('unknown')
  })
})

/** Spans of every expression that is a name. */
function nameSpans(value: unknown, into: { name: string; span: Span }[] = []): { name: string; span: Span }[] {
  if (Array.isArray(value)) value.forEach(item => nameSpans(item, into))
  else if (typeof value === 'object' && value !== null) {
    const node = value as { kind?: unknown; name?: unknown; span?: Span }
    if (node.kind === 'name' && typeof node.name === 'string' && node.span)
      into.push({ name: node.name, span: node.span })
    Object.values(value).forEach(child => nameSpans(child, into))
  }
  return into
}

test.each([
  ['py', '# 🎉é\nx = "🎉" + y.T  # 🎉\n名 = "é" + f"🎉{z}🎉{w}"\n'],
  ['ts', '// 🎉é\nx = "🎉" + y.T  // 🎉\n名 = `🎉${z}🎉${w}`\n'],
])('spans are UTF-16 offsets in %s, beyond the basic plane too', (extension, text) => {
  const program = lower(extension, text)
  const names = nameSpans(program.body)
  expect(names.map(({ name }) => name)).toEqual(['x', 'y', '名', 'z', 'w'])
  for (const { name, span } of names) expect(text.slice(span.start, span.end)).toBe(name)
  expect(program.comments.map(span => text.slice(span.start, span.end))).toEqual(
    extension === 'py' ? ['# 🎉é', '# 🎉'] : ['// 🎉é', '// 🎉'],
  )
})

test('the span of a parenthesized expression includes its parentheses, so that text can be appended', () => {
  const text = 'f((a + b), (yield))'
  const [statement] = lower('py', text).body
  const call = statement?.kind === 'expression' && statement.value.kind === 'call' ? statement.value : undefined
  expect(call?.args.map(({ value }) => text.slice(value.span.start, value.span.end))).toEqual(['(a + b)', '(yield)'])
})

test('a language is known by its extension, in any case', () => {
  expect(languageOf('/a/b.PY')?.id).toBe('python')
  expect(languageOf('/a/b.d.ts')?.id).toBe('typescript')
  expect(languageOf('/a.py/b')).toBeUndefined()
  expect(languageOf('/a/b.pyc')).toBeUndefined()
})

test('both ways of walking the runtime\u2019s trees see the same', () => {
  // False after an upgrade of web-tree-sitter: reading sources then costs twice as much, see treeWalker.ts.
  expect(walksDirectly()).toBe(true)
  const texts = [python, `${python}\nx = (`, 'f(1', '']
  for (const text of texts) expect(parseSyntax('python', text)).toEqual(parseSyntax('python', text, false))
  for (const text of [typescript, `${typescript} if (a { `]) {
    expect(parseSyntax('typescript', text)).toEqual(parseSyntax('typescript', text, false))
    expect(parseSyntax('tsx', text)).toEqual(parseSyntax('tsx', text, false))
  }
})
