// Every incident has a case or a reason for having none, and docs/incidents.md is what `npm run docs` writes.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { casesOf, incidentCases, incidentFaults, incidentPage, threadAddress } from '../../../scripts/docs/incidentTable'
import { incidents } from '../../../scripts/docs/incidents'
import { ruleCards } from '../../../server/policy/policyRules'

const cases = incidentCases()

test('every incident has a case or a reason, not both', () => {
  expect(incidents.length).toBeGreaterThan(80)
  expect(incidentFaults(cases)).toEqual([])
})

test('docs/incidents.md is current', () => {
  expect(readFileSync(join(__dirname, '..', '..', '..', 'docs', 'incidents.md'), 'utf8')).toBe(incidentPage(cases))
})

test('an incident without a case or a reason is told, and one with both', () => {
  const none = incidentFaults([])
  expect(none).toContain('I-01 has neither a case nor a reason')
  const page = ['# x', '## A case (I-27)', '```py a.py', '"I-99"', '# ^ error[tensor-gap]: I-98', '```', '## I-26', '']
  const made = casesOf('rules/x.md', page.join('\n'))
  expect(made).toEqual([
    { page: 'rules/x.md', heading: 'A case (I-27)', incidents: ['I-27'], rules: ['tensor-gap'] },
    { page: 'rules/x.md', heading: 'I-26', incidents: ['I-26'], rules: [] },
  ])
  expect(incidentFaults(made)).toContain('I-27 has a case and a reason for having none')
  expect(incidentFaults(casesOf('rules/x.md', '## A case (I-999)\n'))).toContain('I-999 is named by a case and not listed')
})

test('cases name rules that exist, and threads have addresses', () => {
  const rules = new Set<string>(ruleCards.map(({ id }) => id))
  expect(cases.flatMap(each => each.rules).filter(rule => !rules.has(rule))).toEqual([])
  expect(threadAddress('mlx-lm#727')).toBe('https://github.com/ml-explore/mlx-lm/issues/727')
  for (const { threads } of incidents) expect(threads.map(threadAddress).length).toBeGreaterThan(0)
})
