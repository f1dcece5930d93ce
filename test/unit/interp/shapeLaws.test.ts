// The shape laws against MLX, on random operations: what is refused and with which words, shapes and dtypes. A law may not
// know; it may not be wrong. `npm run laws` compares more of them and prints each difference; with `--record` it keeps
// what MLX says for machines without it.

import { beforeAll, describe, expect, it } from 'vitest'
import { compare, type Comparison } from '../../../scripts/laws/compare'
import { drawn, laws } from '../../../scripts/laws/index'
import { mlxAnswers } from '../../../scripts/laws/mlx'
import { ourAnswers } from '../../../scripts/laws/ours'
import { expressionsOf, spelled } from '../../../scripts/laws/spelled'
import recorded from '../../recorded/shapeLaws.json'
import { prepareGrammars } from '../../support/lower'
import { testPython } from '../../support/python'

const names = laws.map(({ name }) => name)
const all = [...names, ...spelled.map(({ name }) => name)]
const kept = recorded as unknown as Readonly<Record<string, Readonly<Record<string, string>>>>
/** Operations of each law that are drawn anew. */
const count = 400

beforeAll(prepareGrammars)

/**
 * Nothing wrong, and little that is not known. Refusals that are missed are of arrays without elements, and of biases in
 * another number of groups than the scales, which a GPU takes.
 */
function expectAgreement({ count, wrong, missed, unknown }: Comparison): void {
  expect(wrong).toEqual([])
  const ofElements = missed.filter(({ expression }) => !/[(, ]0[,)]/.test(expression))
  expect(ofElements.length).toBeLessThanOrEqual(1 + count * 0.01)
  expect(missed.length).toBeLessThanOrEqual(1 + count * 0.05)
  expect(unknown.length).toBeLessThanOrEqual(1 + count * 0.01)
}

describe('the shape laws and what MLX 0.32.4 said', () => {
  it('of every law', () => {
    expect(Object.keys(kept)).toEqual(all)
  })

  it.each(names)('%s', name => {
    const expressions = Object.keys(kept[name] ?? {})
    expect(expressions.length).toBeGreaterThan(30)
    expectAgreement(compare(expressions, ourAnswers(expressions), Object.values(kept[name] ?? {})))
  })
})

describe('expressions that are written down, and what Python, Node and MLX said', () => {
  it.each(spelled.map(list => [list.name, list] as const))('%s', (name, list) => {
    const expressions = expressionsOf(list)
    const theirs = kept[name] ?? {}
    expect(Object.keys(theirs)).toEqual(expressions)
    const { wrong, missed, unknown } = compare(
      expressions,
      ourAnswers(expressions, list.language),
      expressions.map(e => theirs[e] ?? ''),
    )
    expect({ wrong, missed, unknown }).toEqual({ wrong: [], missed: [], unknown: [] })
  })
})

describe.skipIf(!testPython())('the shape laws against MLX (needs TENSORLINT_TEST_PYTHON)', () => {
  it('agree on operations drawn anew', () => {
    const expressions = laws.flatMap(law => drawn(law, count, 2))
    const theirs = mlxAnswers(testPython() ?? '', expressions)
    const ours = ourAnswers(expressions)
    expectAgreement(compare(expressions, ours, theirs))
  })

  it('agree on expressions of Python that are written down', () => {
    for (const list of spelled.filter(({ truth }) => truth === 'python')) {
      const expressions = expressionsOf(list)
      const { wrong } = compare(expressions, ourAnswers(expressions), mlxAnswers(testPython() ?? '', expressions))
      expect(wrong).toEqual([])
    }
  })
})
