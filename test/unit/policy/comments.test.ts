import { beforeAll, describe, expect, test } from 'vitest'
import { suppressionsOf } from '../../../server/policy/comments'
import { loadGrammars } from '../../../server/source/grammars'
import { lowerProgram } from '../../../server/source/index'
import { readGrammar } from '../../../server/workspace/grammarFiles'

beforeAll(() => loadGrammars(readGrammar))

const read = (text: string, name = 'x.py') => {
  const program = lowerProgram(name, text)
  if (!program) throw new Error(`${name} has no language`)
  return suppressionsOf(program).map(({ line, rules }) => [line, rules])
}

describe('suppressionsOf', () => {
  test.each([
    ['x = 1  # tensorlint: ignore', [[0, undefined]]],
    ['x = 1  # tensorlint:ignore[truncated-shard]', [[0, ['truncated-shard']]]],
    [
      'x = 1  # tensorlint: ignore[truncated-shard, sliced-scales] as the tool wrote it',
      [[0, ['truncated-shard', 'sliced-scales']]],
    ],
    ['x = 1  # noqa # tensorlint: ignore', [[0, undefined]]],
    ['# tensorlint: ignore\nx = 1', [[1, undefined]]],
    ['# tensorlint: ignore\n# because of that\nx = 1', [[2, undefined]]],
    ['if x:\n    # tensorlint: ignore[sliced-scales]\n    y = 1', [[2, ['sliced-scales']]]],
    ['x = 1\n\n# tensorlint: ignore-file', [[undefined, undefined]]],
    ['# tensorlint: ignore-file[sliced-scales]\nx = 1', [[undefined, ['sliced-scales']]]],
    ['x = 1  # tensorlint: ignore[]', [[0, []]]],
    ['x = "# tensorlint: ignore"', []],
    ['x = 1  # tensorlint: ignored', []],
    ['x = 1  # tensorlint: ignore-line', []],
    ['x = 1  # mytensorlint: ignore', []],
    ['x = 1  # see tensorlint', []],
  ])('%j', (text, expected) => {
    expect(read(text)).toEqual(expected)
  })

  test('reads the comments of TypeScript', () => {
    expect(read('const x = 1 // tensorlint: ignore\n', 'x.ts')).toEqual([[0, undefined]])
    expect(read('/* tensorlint: ignore[sliced-scales] */\nconst x = 1', 'x.ts')).toEqual([[1, ['sliced-scales']]])
    expect(read('/**\n * tensorlint: ignore-file\n */\nconst x = "// tensorlint: ignore"', 'x.ts')).toEqual([
      [undefined, undefined],
    ])
  })

  test('counts lines that end in \\r\\n', () => {
    expect(read('a = 1\r\n# tensorlint: ignore\r\nx = 1\r\n')).toEqual([[2, undefined]])
  })
})
