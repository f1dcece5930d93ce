// A text parsed from the tree of the text before it must give what it gives alone, whatever was typed in between.

import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { type GrammarName, parseSyntax } from '../../../server/source/grammars'
import { editBetween } from '../../../server/source/reparse'
import { prepareGrammars } from '../../support/lower'

beforeAll(prepareGrammars)

const python = Array.from(
  { length: 40 },
  (_, i) => `class Layer${i}(Base):
    """Décodé, für alle 🧩."""
    def __call__(self, x):
        if x.shape[-1] != ${i}:
            raise ValueError(f"layer {x.shape} {self.name!r}")
        return [mx.dequantize(w, s, b, group_size=64) @ x for w, s, b in zip(*self.weights[${i}:])]  # ${i}
`,
).join('\n')
const typescript = Array.from(
  { length: 40 },
  (_, i) => `export class Layer${i} extends Base {
  /* Décodé 🧩 */
  forward(x: mx.array): mx.array {
    if (x.shape[1] !== ${i}) throw new Error(\`layer \${x.shape} \${this.name}\`)
    return mx.matmul(x, this.weights['layers.${i}.weight'] ?? x) // ${i}
  }
}
`,
).join('\n')

const typed = [
  'x',
  ' ',
  '\n',
  '    ',
  '(',
  ')',
  '"',
  '"""',
  'def f(',
  ':\n',
  '# 🧩',
  '{',
  '}',
  'weights[f"a.{',
  '`',
  '\\\n',
  'ß',
]

/** The same text where nothing like it was parsed before. */
function alone(name: GrammarName, text: string): ReturnType<typeof parseSyntax> {
  for (const letter of ['p', 'q']) parseSyntax(name, `${letter} = 1\n`.repeat(1_500))
  return parseSyntax(name, text)
}

const edit = fc.record({
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  removed: fc.integer({ min: 0, max: 12 }),
  added: fc.constantFrom(...typed, ''),
})

test.each([
  ['python', python],
  ['typescript', typescript],
] as const)('a text of %s that is typed in', (name, whole) => {
  let withoutErrors = 0
  fc.assert(
    fc.property(edit, ({ at, removed, added }) => {
      const start = Math.floor(at * whole.length)
      const text = whole.slice(0, start) + added + whole.slice(start + removed)
      const expected = alone(name, text)
      parseSyntax(name, whole)
      expect(parseSyntax(name, text)).toEqual(expected)
      if (expected?.errors.length === 0) withoutErrors++
    }),
    { numRuns: 40, seed: 7 },
  )
  // Those are the ones that were really parsed from the tree before.
  expect(withoutErrors).toBeGreaterThan(2)
})

test('one place is what differs between two texts', () => {
  const text = `${'a = 1\n'.repeat(20)}b = 2\n${'c = 3\n'.repeat(20)}`
  const edit = editBetween(text, text.replace('b = 2', 'b = 22'))
  expect(edit).toMatchObject({ startIndex: 125, oldEndIndex: 125, newEndIndex: 126 })
  expect(edit?.startPosition).toEqual({ row: 20, column: 5 })
  expect(edit?.newEndPosition).toEqual({ row: 20, column: 6 })
})

test('two texts of which a good part differs are strangers', () => {
  expect(editBetween('a = 1\n'.repeat(50), 'b = 1\n'.repeat(50))).toBeUndefined()
  expect(editBetween('a = 1\n'.repeat(50), 'a = 1\n'.repeat(40))).toBeUndefined()
})
