// Edits that change what a program means, and edits that do not.
import { beforeAll, expect, test } from 'vitest'
import { lowerProgram } from '../../../server/source/index'
import { sameMeaning } from '../../../server/source/sameMeaning'
import { replacementBetween } from '../../../server/util/textEdits'
import { prepareGrammars } from '../../support/lower'

beforeAll(prepareGrammars)

const isSame = (path: string, old: string, text: string): boolean => {
  const [before, after] = [lowerProgram(path, old), lowerProgram(path, text)]
  if (!before || !after) throw new Error('no program')
  return sameMeaning(before, after, replacementBetween(old, text))
}

const python = 'def f(w):\n    a = w["x"]\n    if a:\n        return 4\n'

test.each([
  ['a remark', python.replace('w["x"]', 'w["x"]  # why')],
  ['a remark on a line of its own', python.replace('    if', '    # why\n    if')],
  ['blank lines', python.replace('    if', '\n\n    if')],
  ['spaces', python.replace('a = w', 'a  =  w')],
])('%s changes nothing', (_, text) => {
  expect(isSame('a.py', python, text)).toBe(true)
  expect(isSame('a.py', text, python)).toBe(true)
})

test.each([
  ['another name', python.replace('"x"', '"y"')],
  ['a space in a text', python.replace('"x"', '"x "')],
  ['a deeper line', python.replace('    if a:\n        return 4', '    if a:\n        pass\n    return 4')],
  ['a statement that becomes a remark', python.replace('    a =', '    # a =')],
  ['the same number written otherwise', python.replace('4', '4.0')],
  ['an annotation', python.replace('a = w', 'a: ClassVar = w')],
  ['a remark for Tensorlint', python.replace('w["x"]', 'w["x"]  # tensorlint: ignore')],
])('%s is another program', (_, text) => {
  expect(isSame('a.py', python, text)).toBe(false)
  expect(isSame('a.py', text, python)).toBe(false)
})

test('a remark for Tensorlint stays at its line', () => {
  const spoken = python.replace('    a', '    # tensorlint: ignore\n    a')
  expect(isSame('a.py', spoken, spoken.replace('return 4', 'return 4  # why'))).toBe(true)
  expect(isSame('a.py', spoken, spoken.replace('    a', '\n    a'))).toBe(false)
})

test('scripts have remarks of two kinds', () => {
  const script = 'const a = load("x")\nuse(a, 4)\n'
  expect(isSame('a.ts', script, script.replace(', 4', ', /* bits */ 4'))).toBe(true)
  expect(isSame('a.ts', script, script.replace('use', '// why\nuse'))).toBe(true)
  expect(isSame('a.ts', script, script.replace(', 4', ', /* bits */ 8'))).toBe(false)
})
