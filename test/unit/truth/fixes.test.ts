// What `npm run bench:truth -- --fixes` makes of fixes: which are tried, how they are pressed, and what came of it.

import { beforeAll, expect, test } from 'vitest'
import { firstChoice, repair } from '../../../scripts/bench/truth/fixes/press'
import { fixesSection, fixMarks } from '../../../scripts/bench/truth/fixes/report'
import { keepsNumbers, plan, type Planned, type Trial, trialOf } from '../../../scripts/bench/truth/fixes/trial'
import type { Mutant } from '../../../scripts/bench/truth/mutant'
import { tensorBytes } from '../../../scripts/bench/truth/numbers'
import type { Outcome } from '../../../scripts/bench/truth/run/outcome'
import type { Scored } from '../../../scripts/bench/truth/score'
import { readSpecimen, type StoredTensor } from '../../../scripts/bench/truth/specimen'
import { findingsOn, type Found } from '../../../scripts/bench/truth/verdict'
import type { Fix } from '../../../server/protocol'
import { prepareGrammars } from '../../support/lower'

beforeAll(prepareGrammars)

const fixOf = (title: string, kind: Fix['kind'] = 'safe'): Fix => ({ title, kind, edits: [] })

const found = (rule: string, fixes: readonly Fix[]): Found => ({
  ...{ rule, severity: 'error', message: 'm', tensors: [], path: 'load.py', line: 1, endLine: 1, related: [], fixes },
})

const scored = (id: string, findings: readonly Found[], more: Partial<Scored> = {}): Scored => ({
  ...{ page: 'p.md', program: 'p', language: 'python', operator: 'o', target: 'program', id, place: '' },
  ...{ before: '', after: '', truth: 'error', text: 'ValueError: no', findings, placed: true },
  ...more,
})

test('the only safe fix comes first, else the first that is offered', () => {
  expect(firstChoice([fixOf('a', 'needs-a-look'), fixOf('b')])?.title).toBe('b')
  expect(firstChoice([fixOf('a'), fixOf('b')])?.title).toBe('a')
  expect(firstChoice([])).toBeUndefined()
})

test('of each rule on a mutant the first finding with a fix is tried, and each of its fixes; of a few mutants', () => {
  const two = [found('a', []), found('a', [fixOf('x'), fixOf('y')]), found('b', [fixOf('z')])]
  const presses = plan([scored('o-0', two), scored('o-1', two, { truth: 'dropped' })]).map(({ press }) => press)
  expect(presses).toEqual([
    { mutant: 'o-0', finding: 1, fix: 0 },
    { mutant: 'o-0', finding: 1, fix: 1 },
    { mutant: 'o-0', finding: 2, fix: 0 },
  ])
  const many = Array.from({ length: 40 }, (_, index) => scored(`o-${index}`, [found('a', [fixOf('x')])]))
  expect(plan(many)).toHaveLength(12)
})

const page = (pass: string): string =>
  [
    '# tiny\n\n```checkpoint model.safetensors\na.weight U32 [16, 8]\na.scales F16 [16, 1]\na.biases F16 [16, 1]\n```\n',
    '```py load.py\nimport mlx.core as mx\nw = mx.load("model.safetensors")',
    `y = mx.dequantize(w["a.weight"]${pass}, w["a.scales"], w["a.biases"], group_size=64, bits=4)\n\`\`\`\n`,
  ].join('\n')

const specimen = readSpecimen('test/cases/truth/python/tiny.md', page(''))

test('a fix is pressed until nothing new is found', async () => {
  const { files } = readSpecimen('test/cases/truth/python/tiny.md', page('.T'))
  const { fixes } = (await findingsOn(files))[0] ?? {}
  expect(fixes).toHaveLength(1)
  const done = await repair(files, [], { mutant: 'o-0', finding: 0, fix: 0 })
  expect(done).toMatchObject({ offer: 'safe', isFirst: true, pressed: [fixes?.[0]?.title], left: [] })
  expect(new Map(done.texts).get('load.py')).toBe((specimen.files.get('load.py') as { text: string }).text)
})

const mutant = (files: Mutant['files']): Mutant => ({
  ...{ specimen, operator: { id: 'o', target: 'program', what: '', sites: () => [] }, id: 'o-0', files },
  ...{ changes: [], before: '', after: '', place: '' },
})

const shard = (tensors: readonly StoredTensor[]) =>
  new Map([['model.safetensors', { kind: 'shard', tensors, metadata: {}, change: 0 } as const]])

const [weight, ...rest] = (specimen.files.get('model.safetensors') as { tensors: readonly StoredTensor[] }).tensors

test('numbers are kept where a tensor has another name or shape, and lost where it is cut', () => {
  if (!weight) throw new Error('the table is empty')
  expect(keepsNumbers(mutant(shard([{ ...weight, name: 'b.weight', numbersOf: 'a.weight' }, ...rest])))).toBe(true)
  expect(keepsNumbers(mutant(shard([{ ...weight, shape: [8, 16] }, ...rest])))).toBe(true)
  expect(keepsNumbers(mutant(shard([{ ...weight, shape: [6, 8] }, ...rest])))).toBe(false)
  expect(keepsNumbers(mutant(shard(rest)))).toBe(false)
})

test('a turned tensor holds the numbers of the one that it was, turned', () => {
  const tensor: StoredTensor = { name: 'a.weight', dtype: 'F16', shape: [2, 3, 4] }
  const turned: StoredTensor = { ...tensor, shape: [2, 4, 3], isTurned: true }
  const numbers = (one: StoredTensor): number[] => [...new Uint16Array(tensorBytes(one, [one]).buffer)]
  const [was, is] = [numbers(tensor), numbers(turned)]
  for (let matrix = 0; matrix < 2; matrix++)
    for (let row = 0; row < 3; row++)
      for (let column = 0; column < 4; column++)
        expect(is[matrix * 12 + column * 3 + row]).toBe(was[matrix * 12 + row * 4 + column])
})

test('a repaired program is judged by its numbers and its error', () => {
  const planned: Planned = {
    record: scored('o-0', [found('a', [fixOf('x')])]),
    press: { mutant: 'o-0', finding: 0, fix: 0 },
  }
  const pressed = { press: planned.press, offer: 'safe', isFirst: true, texts: [], pressed: ['x'], left: [] } as const
  const result = (outcome: Outcome | undefined, files = specimen.files) =>
    trialOf(planned, pressed, mutant(files), { status: 'ok', output: 'sum 3.14' }, outcome).result
  expect(result({ status: 'ok', output: 'sum 3.14' })).toBe('right')
  expect(result({ status: 'ok', output: 'sum 2.14' })).toBe('other-numbers')
  expect(result({ status: 'ok', output: 'sum 2.14' }, shard(rest))).toBe('runs')
  expect(result({ status: 'raised', type: 'ValueError', text: 'no' })).toBe('same-error')
  expect(result({ status: 'raised', type: 'ValueError', text: 'yes' })).toBe('other-error')
  expect(result({ status: 'raised', type: 'RuntimeError', text: 'eval_cpu' })).toBe('dropped')
  expect(result(undefined)).toBe('unapplied')
})

test('safe fixes are marked by how many repair the program, and by how many give wrong numbers', () => {
  const trial = (offer: Trial['offer'], result: Trial['result']): Trial => ({
    ...{ page: 'p.md', program: 'p', operator: 'o', rule: 'r', mutant: 'o-0', place: '', before: '', after: '' },
    ...{ truth: 'error', title: 'x', isFirst: true, message: 'm', pressed: [], left: [], text: '', offer, result },
  })
  const values = (trials: readonly Trial[]): number[] => fixMarks(trials).map(({ value }) => value)
  const held = [trial('needs-a-look', 'other-numbers'), trial('held-back', 'same-error'), trial('safe', 'dropped')]
  expect(values([trial('safe', 'right'), trial('safe', 'runs'), ...held])).toEqual([1, 1])
  expect(values([trial('safe', 'right'), trial('safe', 'other-numbers')])).toEqual([0.5, 0.5])
  expect(values([trial('safe', 'right'), trial('safe', 'other-error')])).toEqual([0.5, 1])
  expect(fixesSection([trial('safe', 'right')]).join('\n')).toContain('| safe | 1 | 1 |')
})
