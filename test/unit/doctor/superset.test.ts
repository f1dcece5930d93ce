// Whatever mlx-model-doctor finds wrong with weights, index, quantization or config, `tensorlint check` finds as well. Where
// its package is in the Python of the tests, it is asked: each fault really is one that it reports, and no check of its own
// is missing from the table.

import { beforeAll, describe, expect, test } from 'vitest'
import type { Finding } from '../../../server/protocol'
import { loadGrammars } from '../../../server/source/grammars'
import { readGrammar } from '../../../server/workspace/grammarFiles'
import { world } from '../../../server/world'
import { runPython, testPython } from '../../support/python'
import { runCli } from '../../support/runCli'
import { tempFolder } from '../../support/tempFolder'
import { elsewhere, faults, sound } from './faults'

beforeAll(() => loadGrammars(readGrammar))

async function findingsIn(folder: string): Promise<readonly Finding[]> {
  return (await runCli(folder, 'check . --format json', world)).json<{ findings: readonly Finding[] }>().findings
}

const oracle = `
import json, sys
from mlx_model_doctor import check_local_model
from mlx_model_doctor.plugins.text import TextModelPlugin
from mlx_model_doctor.plugins.vlm import VlmModelPlugin
said = [[r.check_id for r in check_local_model(f).results if r.status in ("warn", "fail")] for f in json.load(sys.stdin)]
plugins = [TextModelPlugin(), VlmModelPlugin()]
ids = {c.check_id for p in plugins for g in (p.static_checks, p.weight_checks, p.smoke_checks) for c in g()}
print(json.dumps({"said": said, "ids": sorted(ids)}))
`

/** Whether the package is there: it wants Python 3.11. */
const hasDoctor = () =>
  testPython() !== undefined &&
  runPython('import importlib.util as u; print(u.find_spec("mlx_model_doctor") is not None)', '').trim() === 'True'

describe('of what mlx-model-doctor reports', () => {
  test.each(faults)('$check: $name is found', async ({ rule, files }) => {
    const findings = await findingsIn(tempFolder(files))
    expect(findings.map(finding => finding.rule)).toContain(rule)
  })

  test.each(Object.entries(sound))('%s is sound', async (_, files) => {
    expect((await findingsIn(tempFolder(files))).map(({ rule, message }) => `${rule}: ${message}`)).toEqual([])
  })
})

test('mlx-model-doctor reports each of these faults, and has no other check', context => {
  if (!hasDoctor()) return context.skip('there is no mlx-model-doctor for this Python')
  const folders = faults.map(({ files }) => tempFolder(files))
  const { said, ids } = JSON.parse(runPython(oracle, JSON.stringify(folders))) as { said: string[][]; ids: string[] }
  const unsaid = faults
    .filter(({ check }, i) => !said[i]?.includes(check))
    .map(({ check, name }) => `${check}: ${name}`)
  expect(unsaid).toEqual([])
  // Both of its plugins have most checks, each under its own name.
  const bare = (names: readonly string[]) => [...new Set(names.map(id => id.replace(/^(text|vlm)\//, '')))].sort()
  expect(bare([...faults.map(({ check }) => check), ...Object.keys(elsewhere)])).toEqual(bare(ids))
})
