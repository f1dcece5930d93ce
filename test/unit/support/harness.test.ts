// The harness must see what it is there to see: a miss, a false alarm, and every broken law. A made-up engine plays the
// part of the real one: it finds the word BAD, and its fix is what the test says.

import { beforeAll, expect, test } from 'vitest'
import type { Finding, Range } from '../../../server/protocol'
import { lineIndex } from '../../../server/util/lineIndex'
import { readShard } from '../../../server/checkpoint/shard'
import { bytesSource } from '../../../server/util/byteSource'
import { buildCheckpoint, unfold } from '../../support/buildCheckpoint'
import { readCasePage } from '../../support/casePage'
import { prepareGrammars } from '../../support/lower'
import { drawMark, readMarks } from '../../support/marks'
import { runCase } from '../../support/runCase'
import type { Engine } from '../../support/runCase'
import { updatePage } from '../../support/updatePage'

beforeAll(prepareGrammars)

/** Finds every BAD in every program; `newText` is what the fix writes, undefined for no fix. */
function badWords(newText?: string, pattern = /BAD/g): Engine {
  return {
    analyse: ({ programs }) => ({
      findings: programs.flatMap(({ path, text }) =>
        [...text.matchAll(pattern)].map(({ index, 0: word }): Finding => {
          const range = lineIndex(text).range(index, index + word.length)
          const fixes =
            newText === undefined
              ? []
              : [{ title: 'Mend it', kind: 'safe' as const, edits: [{ path, range, newText }] }]
          return {
            rule: 'bad-word',
            severity: 'error',
            path,
            range,
            message: 'the word is BAD',
            tensors: [],
            because: [],
            fixes,
          }
        }),
      ),
    }),
    describe: (_, path, range) => `${path} ${range.start.line}`,
  }
}

async function troubles(page: string, engine: Engine): Promise<string[]> {
  const [only] = readCasePage(page)
  if (!only) throw new Error('the page has no case')
  return runCase(only, engine)
}

const py = (...lines: string[]): string => ['## Case', '```py a.py', ...lines, '```', ''].join('\n')

test('what is marked and found is in order, in every form of a mark', async () => {
  const page = py('x = BAD', '#   ^^^ error[bad-word]: the word', 'BAD = 1', '# <- error[bad-word]: BAD', 'y = 2')
  expect(await troubles(page, badWords())).toEqual([])
  expect(await troubles(py('BAD = 1', '# <- (+0:3) error[bad-word]: BAD'), badWords())).toEqual([])
  expect(
    await troubles(py('f(BAD,', '# ^^^^ (+1:4) error[bad-word]', '  x)'), badWords(undefined, /BAD[^)]*\)/g)),
  ).toEqual([])
})

test.each([
  ['text', 'x = BAD', '#   ^^^ error[bad-word]: other words'],
  ['range', 'x = BAD', '#   ^^ error[bad-word]: the word'],
  ['severity', 'x = BAD', '#   ^^^ warning[bad-word]: the word'],
  ['rule', 'x = BAD', '#   ^^^ error[good-word]: the word'],
  ['bulb', 'x = BAD', '#   ^^^ 💡 error[bad-word]: the word'],
])('a wrong %s is a miss and a false alarm, each drawn', async (_, ...lines) => {
  const [miss, alarm, ...rest] = await troubles(py(...lines), badWords())
  expect(rest).toEqual([])
  expect(miss).toContain('missed')
  expect(miss).toContain(`  ${lines[0]}\n  ${lines[1]}`)
  expect(alarm).toBe(
    'found, though the page does not expect it:\n  a.py:1:5\n  x = BAD\n  #   ^^^ error[bad-word]: the word is BAD',
  )
})

test('a miss and a false alarm alone', async () => {
  expect(await troubles(py('x = 1', '#   ^ error[bad-word]: the word'), badWords())).toHaveLength(1)
  expect(await troubles(py('x = BAD'), badWords())).toHaveLength(1)
})

test('one finding answers one mark', async () => {
  const mark = '#   ^^^ error[bad-word]: the word'
  expect(await troubles(py('x = BAD', mark, mark), badWords())).toHaveLength(1)
})

test('values are compared through the hook', async () => {
  expect(await troubles(py('x = 1', '#   ^ is /ws/a.py 0'), badWords())).toEqual([])
  expect(await troubles(py('x = 1', '#   ^ is something else'), badWords())).toEqual([
    'a.py:1:5: is /ws/a.py 0, expected something else',
  ])
  expect(await troubles(py('x = 1', '#   ^ is 1'), { analyse: badWords().analyse })).toHaveLength(1)
})

const marked = ['x = BAD', '#   ^^^ 💡 error[bad-word]: the word']

test('a fix must end its finding, bring no other and leave a program that can be read', async () => {
  expect(await troubles(py(...marked), badWords('GOOD'))).toEqual([])
  expect((await troubles(py(...marked), badWords('BAD '))).join()).toContain('does not end the finding')
  expect((await troubles(py(...marked), badWords('BAD + BAD'))).join()).toContain('brings a new finding')
  expect((await troubles(py(...marked), badWords('('))).join()).toContain('with a syntax error')
})

test('a fix that edits something else than the case cannot be applied', async () => {
  const range: Range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } }
  const stray: Engine = {
    analyse: snapshot => ({
      findings: badWords()
        .analyse(snapshot)
        .findings.map(finding => ({
          ...finding,
          fixes: [{ title: 'Stray', kind: 'safe', edits: [{ path: '/elsewhere.py', range, newText: '' }] }],
        })),
    }),
  }
  expect((await troubles(py(...marked), stray)).join()).toContain('cannot be applied')
})

test('a fixed block shows the file after all its fixes', async () => {
  const page = (after: string): string => `${py('x = BAD + BAD')}\n\`\`\`py fixed a.py\n${after}\n\`\`\`\n`
  const alarms = (list: string[]): string[] => list.filter(text => !text.startsWith('found'))
  expect(alarms(await troubles(page('x = GOOD + GOOD'), badWords('GOOD')))).toEqual([])
  const [wrong] = alarms(await troubles(page('x = GOOD + BAD'), badWords('GOOD')))
  expect(wrong).toContain('a.py after its fixes is\n  x = GOOD + GOOD\nexpected\n  x = GOOD + BAD')
})

test('an exception at any cut, and a rule that broke, are reported', async () => {
  const fragile: Engine = {
    analyse: ({ programs }) => {
      if (programs.some(({ text }) => text === 'x = (\n' || text === 'x = (')) throw new Error('fragile')
      return { findings: [] }
    },
  }
  expect((await troubles(py('x = (', '  1)'), fragile)).join()).toContain('a.py cut after 1 lines: Error: fragile')
  const broken: Engine = { analyse: () => ({ findings: [], broken: [{ rule: 'bad-word', error: new Error('oh') }] }) }
  expect((await troubles(py('x'), broken))[0]).toBe('the rule bad-word threw: Error: oh')
})

test('both languages must give the same rules', async () => {
  const ts = '```ts a.ts\nconst x = 1\n```\n'
  const [only, ...rest] = await troubles(py('x = BAD', '#   ^^^ error[bad-word]') + ts, badWords())
  expect(rest).toEqual([])
  expect(only).toBe('the languages disagree: Python gives bad-word; TypeScript gives none')
})

test('marks are taken out of JSON, and a checkpoint is marked without a place', async () => {
  const range = { start: { line: 0, character: 5 }, end: { line: 0, character: 6 } }
  const zero = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } }
  const rest = { rule: 'bad-word', severity: 'warning', tensors: [], because: [], fixes: [] } as const
  const engine: Engine = {
    analyse: ({ models }) => ({
      findings: models.flatMap(({ configs, shards }) => [
        ...configs.flatMap(({ path, problems }) =>
          problems.length ? [] : [{ ...rest, path, range, message: 'config' }],
        ),
        ...shards.map(({ path, tensors }) => ({ ...rest, path, range: zero, message: [...tensors.names()].join() })),
      ]),
    }),
  }
  const page = [
    '## Case',
    '```checkpoint m/a.safetensors',
    'l.{0..1}.{a,b} F16 [2, 2]',
    '! warning[bad-word]: l.0.a,l.0.b,l.1.a,l.1.b',
    '```',
    '```json m/config.json',
    '{"a":1}',
    '//   ^ warning[bad-word]: config',
    '```',
  ].join('\n')
  expect(await troubles(page, engine)).toEqual([])
  expect(await troubles(page.replace('l.0.a,', 'l.9.a,'), engine)).toHaveLength(2)
})

test('updating a page writes marks and fixed files, keeps wording that fits, and is stable', async () => {
  const page = `# Page\n\n${py('BAD = f(BAD)', '#  ^^^^ error[gone]: old', '#       ^^^ error[bad-word]: word is')}\nProse.\n\n\`\`\`py fixed a.py\n?\n\`\`\`\n`
  const updated = await updatePage(page, badWords('GOOD'))
  expect(updated).toBe(
    [
      '# Page',
      '',
      '## Case',
      '```py a.py',
      'BAD = f(BAD)',
      '# <- (+0:3) 💡 error[bad-word]: word is',
      '#       ^^^ 💡 error[bad-word]: word is',
      '```',
      '',
      'Prose.',
      '',
      '```py fixed a.py',
      'GOOD = f(GOOD)',
      '```',
      '',
    ].join('\n'),
  )
  expect(await updatePage(updated, badWords('GOOD'))).toBe(updated)
  expect(await troubles(updated, badWords('GOOD'))).toEqual([])
})

test('a mark that is drawn is read as the same place', () => {
  const line = '    first(second,'
  for (const sign of ['#', '//']) {
    for (const [start, endLine, end] of [
      [0, 0, 3],
      [1, 0, 5],
      [2, 0, 17],
      [4, 3, 2],
      [17, 0, 17],
      [0, 0, 0],
    ] as const) {
      const range = { start: { line: 0, character: start }, end: { line: endLine, character: end } }
      const drawn = drawMark(range, line, sign, { severity: 'hint', rule: 'a-b', text: 'x', hasFix: true })
      expect(readMarks('/ws/a', [line, drawn]).marks).toMatchObject([
        { range, severity: 'hint', rule: 'a-b', text: 'x', hasFix: true },
      ])
    }
  }
})

test('headings name cases, and a block without a path is an illustration', () => {
  const page =
    '# Title\n```py a.py\n1\n```\n## One\n### Deep\n```ts b/c.ts\n2\n```\n```py\n3\n```\n````md d.md\n```x y\n```\n````\n'
  const cases = readCasePage(page)
  expect(cases.map(({ name }) => name)).toEqual(['Title', 'One › Deep'])
  expect(cases[1]?.blocks.map(({ path, firstLine }) => [path, firstLine])).toEqual([
    ['/ws/b/c.ts', 7],
    ['/ws/d.md', 13],
  ])
  expect(() => readCasePage('## a\n```py a.py\nx')).toThrow('not closed')
})

test('a checkpoint is a real file, the same every time', async () => {
  const table = ['w.weight U32 [8, 64]', 'w.scales F16 [8, 8]', 'step I64 []']
  const bytes = buildCheckpoint(table)
  expect(buildCheckpoint(table)).toEqual(bytes)
  const shard = await readShard('/ws/a.safetensors', bytesSource(bytes))
  expect(shard.problems).toEqual([])
  expect([...shard.tensors.names()]).toEqual(['w.weight', 'w.scales', 'step'])
  expect(shard.tensors.find('w.scales')).toMatchObject({ dtype: 'F16', shape: [8, 8] })
  expect(shard.metadata.get('format')).toBe('mlx')
  const cut = await readShard('/ws/a.safetensors', bytesSource(buildCheckpoint([...table, '@cut 1'])))
  expect(cut.problems.length).toBeGreaterThan(0)
  expect(unfold('a.{8..10}.{x,y}')).toEqual(['a.8.x', 'a.8.y', 'a.9.x', 'a.9.y', 'a.10.x', 'a.10.y'])
  expect(() => buildCheckpoint(['w U31 [8]'])).toThrow('not a tensor')
})
