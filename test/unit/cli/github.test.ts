import { beforeAll, describe, expect, test } from 'vitest'
import { githubText } from '../../../server/cli/github'
import type { Finding } from '../../../server/protocol'
import { loadGrammars } from '../../../server/source/grammars'
import { readGrammar } from '../../../server/workspace/grammarFiles'
import { ruleWorld, runCli } from '../../support/runCli'
import { tempFolder, triple, zeros } from '../../support/tempFolder'

beforeAll(() => loadGrammars(readGrammar))

const finding: Finding = {
  rule: 'sliced-scales',
  severity: 'error',
  path: '/ws/a.py',
  range: { start: { line: 1, character: 4 }, end: { line: 1, character: 9 } },
  message: 'm',
  tensors: [],
  because: [],
  fixes: [],
}
const printed = (more: Partial<Finding>) => githubText([{ ...finding, ...more }], '/ws')

describe('--format github', () => {
  test.each<[Finding['severity'], string]>([
    ['error', 'error'],
    ['warning', 'warning'],
    ['information', 'notice'],
    ['hint', 'notice'],
  ])('prints %s as %s', (severity, command) => {
    expect(printed({ severity })).toBe(
      `::${command} file=a.py,line=2,endLine=2,col=5,endColumn=10,title=tensorlint sliced-scales::m\n`,
    )
  })

  test('leaves out columns of several lines, and the place of a binary file', () => {
    const start = { line: 0, character: 2 }
    expect(printed({ range: { start, end: { line: 3, character: 1 } } })).toBe(
      '::error file=a.py,line=1,endLine=4,title=tensorlint sliced-scales::m\n',
    )
    const zero = { line: 0, character: 0 }
    expect(printed({ path: '/ws/m.safetensors', range: { start: zero, end: zero } })).toBe(
      '::error file=m.safetensors,title=tensorlint sliced-scales::m\n',
    )
  })

  test('escapes messages and properties, each in its own way', () => {
    const text = printed({ path: '/ws/a,b:c%.py', message: '100% a,b: c\n::error::no\r' })
    expect(text).toMatch(/^::error file=a%2Cb%3Ac%25\.py,/)
    // A line break in a message would begin a command of its own; control characters are written out.
    expect(text).toMatch(/::100%25 a,b: c\\u000a::error::no\\u000d\n$/)
    expect(text.split('\n')).toHaveLength(2)
  })

  test('joins reasons by escaped line breaks', () => {
    const because = [{ path: '/elsewhere/m.safetensors', range: finding.range, message: 'stored so' }]
    expect(printed({ because })).toMatch(/::m%0Abecause \/elsewhere\/m\.safetensors: stored so\n$/)
  })

  test('comes before the summary, relative to where the command ran', async () => {
    const folder = tempFolder({ 'm/model.safetensors': zeros(triple('p', 64, 64)), 'ws/a.py': 'import mlx\n"BROKEN"' })
    const { code, out } = await runCli(folder, 'check ./ws --format github', ruleWorld())
    expect(code).toBe(1)
    const lines = out.split('\n')
    expect(lines[0]).toMatch(
      /^::error file=ws\/a\.py,line=2,endLine=2,col=2,endColumn=8,title=tensorlint sliced-scales::/,
    )
    expect(lines[1]).toMatch(/^1 error in 0 models/)
  })
})
