// Runs one command line in this process and keeps what it printed.

import type { CliIo } from '../../server/cli/io'
import { run } from '../../server/cli/run'
import type { World } from '../../server/lsp/context'
import type { Finding } from '../../server/protocol'
import { fakeAnalysis, fakeWorld } from './fakeWorld'

export async function runCli(cwd: string, line: string | readonly string[], world: World = fakeWorld()) {
  const printed = { out: '', err: '' }
  const io: CliIo = {
    cwd,
    out: text => void (printed.out += text),
    err: text => void (printed.err += text),
    colours: false,
    columns: undefined,
  }
  const code = await run(typeof line === 'string' ? line.split(' ').filter(Boolean) : line, io, world)
  return { code, ...printed, json: <T>() => JSON.parse(printed.out) as T }
}

/** The world of fakeWorld with findings of a real rule's name, so that settings may speak of it. */
export const ruleWorld = (change: (finding: Finding) => Finding = finding => finding): World =>
  fakeWorld({
    analyse: snapshot => {
      const analysis = fakeAnalysis(snapshot)
      return {
        ...analysis,
        findings: analysis.findings.map(finding => change({ ...finding, rule: 'sliced-scales' })),
      }
    },
  })
