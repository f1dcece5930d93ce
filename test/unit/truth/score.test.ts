// The reckoning of `npm run bench:truth`: classes and marks from outcomes and findings.

import { beforeAll, expect, test } from 'vitest'
import { explain } from '../../../scripts/bench/truth/explanations'
import { mutantOf, type Operator } from '../../../scripts/bench/truth/mutant'
import { applyOffsets } from '../../../scripts/bench/truth/offsets'
import { isPlaced } from '../../../scripts/bench/truth/places'
import { framesOf } from '../../../scripts/bench/truth/run/nodeRunner'
import {
  marksOf,
  placement,
  precision,
  recall,
  sameOutput,
  silentRecall,
  tally,
  type Scored,
} from '../../../scripts/bench/truth/score'
import { readSpecimen } from '../../../scripts/bench/truth/specimen'
import { type Found, newFindings } from '../../../scripts/bench/truth/verdict'
import { prepareGrammars } from '../../support/lower'

beforeAll(prepareGrammars)

const found = (more: Partial<Found> = {}): Found => ({
  ...{
    rule: 'absent-tensor',
    severity: 'error',
    message: 'a',
    tensors: [],
    path: 'load.py',
    line: 2,
    endLine: 2,
    related: [],
    fixes: [],
  },
  ...more,
})

const scored = (truth: Scored['truth'], findings: readonly Found[] = [], more: Partial<Scored> = {}): Scored => ({
  ...{ page: 'p.md', program: 'p', language: 'python', operator: 'o', target: 'program', id: 'o-0', place: '' },
  ...{ before: '', after: '', text: '', truth, findings, placed: findings.length > 0 },
  ...more,
})

test('findings on errors and silent faults are true, on harmless mutants false, elsewhere not counted', () => {
  const all = tally([
    scored('error', [found()]),
    scored('error', [found()], { placed: false }),
    scored('error'),
    scored('silent', [found()]),
    scored('silent'),
    scored('refused', [found()]),
    scored('harmless', [found()], { explanation: 'known' }),
    scored('harmless'),
    scored('unread', [found()]),
    scored('dropped', [found()]),
  ])
  expect(recall(all)).toBeCloseTo(2 / 3)
  expect(silentRecall(all)).toBe(0.5)
  expect(precision(all)).toBe(4 / 5)
  expect(placement(all)).toBe(3 / 4)
  expect(all).toMatchObject({ mutants: 10, alarms: 1, explained: 1, unread: 1, dropped: 1 })
  expect(marksOf(all, 0).find(({ name }) => name.includes('explained'))?.value).toBe(1)
})

test('outputs are the same where numbers differ by rounding only', () => {
  expect(sameOutput('(4, 128) sum 3.141592', '(4, 128) sum 3.141593')).toBe(true)
  expect(sameOutput('sum 3.14', 'sum 3.15')).toBe(false)
  expect(sameOutput('sum 3.14', 'mean 3.14')).toBe(false)
  expect(sameOutput('sum nan', 'sum 3.14')).toBe(false)
  expect(sameOutput('[1, 2]', '[1, 2, 3]')).toBe(false)
  expect(sameOutput('1.5e-05', '0.000015')).toBe(true)
})

test('a verdict is an error or a warning that the original does not have', () => {
  const [old, fresh] = [found(), found({ message: 'b' })]
  expect(newFindings([old], [old, fresh])).toEqual([fresh])
  expect(newFindings([old], [old, old])).toEqual([old])
  expect(newFindings([], [found({ severity: 'information' }), found({ severity: 'warning' })])).toHaveLength(1)
})

const specimen = readSpecimen(
  'test/cases/truth/python/tiny.md',
  '# tiny\n\n```checkpoint model.safetensors\na.weight F16 [4, 8]\n```\n\n```py load.py\nimport mlx.core as mx\nw = mx.load("model.safetensors")\nx = (\n    w["a.weight"]\n)\ny = x\n```\n',
)

test('a place is right in the changed statement, in one that raised, or on the changed tensor', () => {
  const operator: Operator = { id: 'o', target: 'program', what: '', sites: () => [] }
  const start = 'import mlx.core as mx\nw = mx.load("model.safetensors")\nx = (\n    w["'.length
  const edits = new Map([['load.py', [{ start, end: start + 1, newText: 'b' }]]])
  const mutant = mutantOf(specimen, operator, { edits }, 'o-0')
  expect(mutant).toMatchObject({ before: 'w["a.weight"]', after: 'w["b.weight"]', place: 'load.py:4' })
  expect(isPlaced(mutant, [], [found({ line: 3, endLine: 3 })])).toBe(true)
  expect(isPlaced(mutant, [], [found({ line: 2, endLine: 2 })])).toBe(false)
  expect(isPlaced(mutant, [{ path: 'load.py', line: 2 }], [found({ line: 2, endLine: 2 })])).toBe(true)
  expect(
    isPlaced(mutant, [], [found({ line: 6, endLine: 6, related: [{ path: 'load.py', line: 4, endLine: 4 }] })]),
  ).toBe(true)

  const files = new Map([['model.safetensors', { kind: 'shard', tensors: [], metadata: {}, change: 0 } as const]])
  const emptied = mutantOf(specimen, { ...operator, target: 'checkpoint' }, { files }, 'o-1')
  expect(isPlaced(emptied, [], [found({ tensors: ['a.weight'] })])).toBe(true)
  expect(isPlaced(emptied, [], [found({ path: 'model.safetensors', line: 1, endLine: 1 })])).toBe(true)
  expect(isPlaced(emptied, [], [found()])).toBe(false)
})

test('edits keep track of where they end up', () => {
  expect(
    applyOffsets('abcdef', [
      { start: 4, end: 5, newText: '' },
      { start: 1, end: 2, newText: 'XYZ' },
    ]),
  ).toEqual({
    text: 'aXYZcdf',
    spans: [
      { start: 1, end: 4 },
      { start: 6, end: 6 },
    ],
  })
})

test('frames of Node are those in the folder, of modules and of scripts', () => {
  const stack = [
    'Error: no',
    '    at dense (/tmp/t/lib/load.ts:12:5)',
    '    at file:///tmp/t/main.ts:3:1',
    '    at Module._compile (node:internal/modules/cjs/loader:1554:14)',
    '    at f (/tmp/t/node_modules/x/index.js:1:1)',
  ].join('\n')
  expect(framesOf(stack, '/tmp/t')).toEqual([
    { path: 'lib/load.ts', line: 12 },
    { path: 'main.ts', line: 3 },
  ])
})

test('an explanation covers every rule, or there is none', () => {
  expect(explain('config-bits', ['contradictory-quantization-config'])).toContain('does not read')
  expect(explain('config-bits', ['contradictory-quantization-config', 'absent-tensor'])).toBeUndefined()
  expect(explain('drop-transpose', ['transposed-triple'])).toBeUndefined()
})
