// A line that is half typed says nothing, and neither hides nor changes what stands around it.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { logicalLines } from '../../../server/source/python/lines'
import { showProgram } from '../../../server/source/showIr'
import { ir, lower, prepareGrammars } from '../../support/lower'

beforeAll(prepareGrammars)

const whole = `import mlx.core as mx


class Loader(Base):
    def __init__(self, path, *, bits=4):
        self.weights = mx.load(f"{path}/model-{0:05d}.safetensors")
        self.names = {
            k: v for k, v in self.weights.items()
            if k.startswith(("model.", 'x'))
        }

    def load(self, layer, i):
        for name in ["q_proj", "k_proj"]:
            if f"layers.{i}.{name}.weight" in self.weights and i % 2 == 0:
                layer.load(
                    self.weights[f"{name}"],
                    bits=self.bits,
                )
            else:
                continue
        return layer


def main():
    Loader("model").load(None, 0)
`

/** What is typed behind a line, and leaves it unfinished. */
const halves = [' weights[f"model.', ' foo(a, b[', ' "', " + f'{x", ' )', ' = = 2', ' x y', '.', ' = ', ' in']

/** Statements, without their indentation. */
const statements = (text: string): string[] => text.split('\n').map(line => line.trim())

describe('whatever is typed behind a line', () => {
  const lines = whole.split('\n')
  test.each(halves)('the others are read as before: %s', half => {
    const expected = statements(showProgram(lower('py', whole)))
    lines.forEach((line, i) => {
      if (line.trim() === '') return
      const typed = lines.with(i, line + half).join('\n')
      const program = lower('py', typed)
      // Some of what is typed is whole, as `x = y in` before a line that goes on.
      if (program.syntaxErrors.length === 0) return
      if (program.isTorn) return expect.soft(line + half, 'could not be set aside').toMatch(/class|[([{,]|^ {8}\}/)
      const shown = statements(showProgram(program))
      const lost = expected.filter(statement => !shown.includes(statement))
      // A line, or the statement that it is a line of.
      expect.soft(lost.length, `${typed.split('\n')[i]}: ${lost.join(' | ')}`).toBeLessThanOrEqual(1)
    })
  })
})

test('a line that is set aside is as good as a call of something unknown with what it names', () => {
  expect(ir('py', 'a = f(1)\nb = g(a, c[0\nd = h(2)\n')).toBe(
    'a = f(1)\nb = (unknown "syntax error" (unknown "syntax error")(a))\nd = h(2)',
  )
  expect(ir('py', 'foo.bar(x\ny = 1\n')).toContain('(unknown "syntax error")(foo, x)')
})

test('what a broken line leaves is left', () => {
  expect(ir('py', 'def f(x):\n    if x:\n        return g(x[\n    return 1\n')).toMatch(/return \(unknown[^]*return 1/)
})

test('a broken header keeps its block, and one that is whole keeps its meaning', () => {
  expect(ir('py', 'def f(a, b[:\n    return 1\n')).toMatch(/fn f\(\*_\)[^]*return 1/)
  expect(ir('py', 'if a: b[f"\n    c()\n')).toBe('if a\n  c()')
  expect(ir('py', 'for x in f(\n    c(x)\n')).toMatch(/^for x in \(unknown[^]*c\(x\)$/)
})

test('spans are those of the text as it is', () => {
  const text = 'a = f(1)\nb = g(a, c[0\nd = h(2)\n'
  const program = lower('py', text)
  expect(program.text).toBe(text)
  expect(program.syntaxErrors.map(({ start, end }) => text.slice(start, end))).toEqual(['b = g(a, c[0'])
  expect(program.body.map(({ span }) => text.slice(span.start, span.end)).at(-1)).toBe('d = h(2)')
})

test('brackets that a line does not close are its own', () => {
  const broken = (text: string) =>
    logicalLines(text)?.flatMap(line => (line.isBroken ? [text.slice(line.start, line.end)] : []))
  expect(broken('x = f(a, b[\ny = g(c)\ndef h():\n    pass\n')).toEqual(['x = f(a, b['])
  expect(broken('x = f(\n    a=1, g(b[\n    c=2,\n)\ny = 1\n')).toEqual(['x = f(\n    a=1, g(b[\n    c=2,\n)'])
  expect(broken('x = f"{a["b"]} {c:{d}} {{ {e!r:>{w}}"\n')).toEqual([])
  expect(broken('x = (\n  a  # (\n  + \'(\' + """(\n""")\nx.y = 1.\nz = ...\n')).toEqual([])
  expect(broken('if a\n    b()\n')).toEqual(['if a'])
})

test('nothing is wrong with whole programs', () => {
  const folder = join(import.meta.dirname, '../../../server/python')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.py'))
  expect(files.length).toBeGreaterThan(3)
  for (const file of files)
    expect(logicalLines(readFileSync(join(folder, file), 'utf8'))?.filter(line => line.isBroken)).toEqual([])
})
