// What is written from the list of rules: the severity setting of package.json, the schema of `.tensorlintrc.json` and the
// table of docs/rules. main.ts writes them, a test compares them with the files.

import { ruleCards } from '../../server/policy/policyRules'
import { severitySettings } from '../../server/policy/severity'

/** One property for each rule, as both schemas have it. */
const severities = () =>
  Object.fromEntries(
    ruleCards.map(({ id, title, severity }) => [
      id,
      { type: 'string', enum: severitySettings, default: 'default', description: `${title} (as a rule: ${severity})` },
    ]),
  )

/** The setting `tensorlint.severity` of package.json. */
export const severitySetting = () => ({
  type: 'object',
  properties: severities(),
  additionalProperties: false,
  default: {},
  scope: 'window',
  order: 3,
  markdownDescription:
    'Severity by rule, for example `{ "stored-transposed": "information" }`. `off` switches a rule off, `default` leaves the choice to the rule. What a `.tensorlintrc.json` of the project says wins. *Tensorlint: Explain Rule…* lists the rules.',
})

/** The JSON schema of `.tensorlintrc.json`. */
export const settingsFileSchema = () => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Settings of Tensorlint that a project shares',
  type: 'object',
  additionalProperties: false,
  properties: {
    $schema: { type: 'string' },
    severity: {
      description: 'Severity by rule; wins over the settings of an editor.',
      type: 'object',
      properties: severities(),
      additionalProperties: false,
    },
    ignore: {
      description: 'Files whose findings are left out.',
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['files'],
        properties: {
          files: {
            description: 'Patterns relative to this file: * and ? within a name, ** across folders.',
            anyOf: [
              { type: 'string', minLength: 1 },
              { type: 'array', items: { type: 'string', minLength: 1 }, minItems: 1 },
            ],
          },
          rules: {
            description: 'Only findings of these rules; without it, all.',
            type: 'array',
            items: { enum: ruleCards.map(({ id }) => id) },
          },
          reason: { description: 'For people.', type: 'string' },
        },
      },
    },
    baseline: {
      description: 'The file of known findings, relative to this file; .tensorlint-baseline.json where it is not given.',
      type: 'string',
      minLength: 1,
    },
    checkpoints: {
      description: 'Which checkpoints programs load: patterns of programs, each with a path or several, relative to this file.',
      type: 'object',
      additionalProperties: {
        anyOf: [
          { type: 'string', minLength: 1 },
          { type: 'array', items: { type: 'string', minLength: 1 }, minItems: 1 },
        ],
      },
    },
  },
})

/** docs/rules/README.md. */
export function ruleIndex(): string {
  const rows = ruleCards.map(({ id, severity, title }) => `| [${id}](${id}.md) | ${severity} | ${title} |`)
  return [
    '# The rules',
    '',
    '<!-- Written by `npm run docs` from server/rules/index.ts and server/policy/policyRules.ts. -->',
    '',
    'The severity is the usual one; a rule may choose another where the harm is smaller, and settings win over both ([configuration](../configuration.md)).',
    '',
    '| rule | severity | |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}
