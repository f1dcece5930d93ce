import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Log, Result } from 'sarif'
import { beforeAll, describe, expect, test } from 'vitest'
import { ruleCards } from '../../../server/policy/policyRules'
import { loadGrammars } from '../../../server/source/grammars'
import { readGrammar } from '../../../server/workspace/grammarFiles'
import { rulePage } from '../../../server/workspace/rulePages'
import { fakeAnalysis } from '../../support/fakeWorld'
import { runPython, testPython } from '../../support/python'
import { ruleWorld, runCli } from '../../support/runCli'
import { tempFolder, triple, writeFiles, zeros } from '../../support/tempFolder'

beforeAll(() => loadGrammars(readGrammar))

const workspace = () =>
  tempFolder({
    'm/model.safetensors': zeros(triple('proj', 128, 256)),
    'ü ws/a#b.py': 'import mlx\n"BROKEN"\n"BROKEN"\n',
  })

const world = { ...ruleWorld(), rulePage }

async function sarif(folder: string, line = 'check .', of = world) {
  const { out, code } = await runCli(folder, `${line} --format sarif`, of)
  const log = JSON.parse(out) as Log
  const [run] = log.runs
  if (!run) throw new Error('the log has no run')
  return { log, run, results: run.results ?? [], code, out }
}

/** Validates by the schema of the standard, which @microsoft/jest-sarif ships, with the validator that it depends on. */
function faultsBySchema(log: unknown): unknown {
  const entry = createRequire(__filename).resolve('@microsoft/jest-sarif')
  const requireThere = createRequire(entry)
  type Ajv = {
    addMetaSchema(schema: unknown): void
    compile(schema: object): ((value: unknown) => boolean) & { errors?: unknown }
  }
  const AjvClass = requireThere('ajv') as new (options: object) => Ajv
  const ajv = new AjvClass({ schemaId: 'auto', validateSchema: false })
  ajv.addMetaSchema(requireThere('ajv/lib/refs/json-schema-draft-04.json'))
  const schema = JSON.parse(readFileSync(join(entry, '..', 'schemas', 'sarif-2.1.0-rtm.5.json'), 'utf8')) as object
  const validate = ajv.compile(schema)
  return validate(log) ? [] : validate.errors
}

describe('--format sarif', () => {
  test('agrees with the schema of the standard', async () => {
    const { log, results, code } = await sarif(workspace())
    expect(code).toBe(1)
    expect(results).toHaveLength(2)
    expect(faultsBySchema(log)).toEqual([])
    expect(faultsBySchema({ ...log, runs: [{ tool: {} }] })).not.toEqual([])
  })

  test('places findings by lines and columns from one, in URIs relative to where the command ran', async () => {
    const folder = workspace()
    const { run, results } = await sarif(folder)
    expect(run.originalUriBaseIds).toEqual({ SRCROOT: { uri: expect.stringMatching(/^file:\/\/\/.*\/$/) as string } })
    expect(run.columnKind).toBe('utf16CodeUnits')
    const artifactLocation = { uri: '%C3%BC%20ws/a%23b.py', uriBaseId: 'SRCROOT' }
    const region = { startLine: 2, startColumn: 2, endLine: 2, endColumn: 8 }
    const [first] = results
    expect(first).toMatchObject({
      ruleId: 'sliced-scales',
      level: 'error',
      message: { text: 'the word is BROKEN, expected WHOLE' },
      locations: [{ physicalLocation: { artifactLocation, region } }],
      properties: { tensors: ['proj.weight'] },
      relatedLocations: [
        {
          message: { text: 'proj.weight is stored so' },
          physicalLocation: { artifactLocation: { uri: 'm/model.safetensors', uriBaseId: 'SRCROOT' } },
          logicalLocations: [{ fullyQualifiedName: 'proj.weight' }],
        },
      ],
      fixes: [
        {
          description: { text: 'Mend the word' },
          artifactChanges: [
            { artifactLocation, replacements: [{ deletedRegion: region, insertedContent: { text: 'WHOLE' } }] },
          ],
        },
        { description: { text: 'Drop the word (needs a look)' } },
      ],
    })
    expect(first?.relatedLocations?.[0]?.physicalLocation?.region).toBeUndefined()
    const outside = await sarif(join(folder, 'm'), 'check ..')
    expect(outside.results[0]?.locations?.[0]?.physicalLocation?.artifactLocation?.uri).toMatch(
      /^file:\/\/\/.*\/%C3%BC%20ws\/a%23b\.py$/,
    )
  })

  test('describes every rule, with its page as help', async () => {
    const { run, results } = await sarif(workspace())
    const rules = run.tool.driver.rules ?? []
    expect(rules.map(({ id }) => id)).toEqual(ruleCards.map(({ id }) => id))
    for (const rule of rules) {
      expect(rule.help?.markdown).toMatch(new RegExp(`^# ${rule.id}\n`))
      expect(rule.fullDescription?.text, rule.id).toMatch(/^\S[^\n]+\S$/)
    }
    for (const { ruleId, ruleIndex } of results) expect(rules[ruleIndex ?? -1]?.id).toBe(ruleId)
  })

  test.each([
    ['error', 'error'],
    ['warning', 'warning'],
    ['information', 'note'],
    ['hint', 'note'],
  ])('has level %s for %s', async (severity, level) => {
    const { results } = await sarif(workspace(), `check . --rule sliced-scales=${severity}`)
    expect(results.map(result => result.level)).toEqual([level, level])
  })

  test('knows a result again when lines move, and tells equal ones apart', async () => {
    const folder = workspace()
    const prints = (results: readonly Result[]) =>
      results.map(({ partialFingerprints }) => partialFingerprints?.['tensorlint/v1'])
    const before = prints((await sarif(folder)).results)
    writeFiles(folder, { 'ü ws/a#b.py': 'import mlx\n\n\n"BROKEN"\n"BROKEN"\n' })
    expect(prints((await sarif(folder)).results)).toEqual(before)
    expect(new Set(before).size).toBe(2)
  })

  test('describes rules that are not ours, and says where one broke', async () => {
    const of = {
      ...world,
      analyse: (snapshot: Parameters<typeof world.analyse>[0]) =>
        fakeAnalysis(snapshot, { broken: [{ rule: 'some-rule', error: new Error('rule bug') }] }),
    }
    const { log, run, results, code } = await sarif(workspace(), 'check .', of)
    expect(code).toBe(2)
    expect(run.tool.driver.rules?.[results[0]?.ruleIndex ?? -1]?.id).toBe('broken-word')
    expect(run.invocations).toMatchObject([
      {
        executionSuccessful: false,
        toolExecutionNotifications: [{ message: { text: 'rule some-rule failed: rule bug' } }],
      },
    ])
    expect(faultsBySchema(log)).toEqual([])
  })

  test('is a log of no results where nothing is found', async () => {
    const { log, results, code } = await sarif(tempFolder({ 'a.py': 'import mlx' }))
    expect({ results, code }).toEqual({ results: [], code: 0 })
    expect(faultsBySchema(log)).toEqual([])
  })

  test.runIf(testPython())('is read back by sarif-tools', async () => {
    const folder = workspace()
    const { out } = await sarif(folder)
    const program = `
import json, sys, tempfile, os
from sarif import loader
with tempfile.TemporaryDirectory() as d:
    path = os.path.join(d, "x.sarif")
    open(path, "wb").write(sys.stdin.buffer.read())
    file = loader.load_sarif_file(path)
    print(json.dumps([file.get_distinct_tool_names(), file.get_records()]))
`
    const [tools, records] = JSON.parse(runPython(program, out)) as [string[], Record<string, unknown>[]]
    expect(tools).toEqual(['Tensorlint'])
    expect(records).toMatchObject([
      { Tool: 'Tensorlint', Severity: 'error', Code: 'sliced-scales', Line: 2 },
      { Tool: 'Tensorlint', Severity: 'error', Code: 'sliced-scales', Line: 3 },
    ])
    expect(decodeURIComponent(String(records[0]?.Location))).toBe('ü ws/a#b.py')
  })
})
