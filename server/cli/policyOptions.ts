// The flags of `check` that say which findings are wanted: severities by rule, and the baseline, which they also write.

import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { InvalidArgumentError, type Command } from 'commander'
import { writeBaseline } from '../policy/baseline'
import { textsOf } from '../policy/policy'
import { isRuleId } from '../policy/policyRules'
import { isSeveritySetting, severitySettings } from '../policy/severity'
import type { Finding, SeverityTable } from '../protocol'
import { expandPath } from '../workspace/discover'
import { baselineAt } from '../workspace/policyFiles'
import type { SessionParts } from '../workspace/session'
import { UsageError, type CliIo } from './io'
import type { Look } from './workspace'

export interface PolicyOptions {
  readonly rule?: SeverityTable
  /** A file; false: no baseline at all; undefined: the folders' own. */
  readonly baseline?: string | false
  readonly writeBaseline?: string
}

/** Declares the flags. */
export function addPolicyOptions(command: Command): void {
  command
    .option('--rule <id=severity>', `set a rule to one of ${severitySettings.join(', ')}; may be repeated`, readRule)
    .option('--baseline <file>', 'report only what this file does not know (default: .tensorlint-baseline.json)')
    .option('--no-baseline', 'report what the baseline knows too')
    .option('--write-baseline <file>', 'write the findings to this file as known, and report none')
}

/** What the session is asked for. A UsageError where the baseline that was named is not there or is none. */
export async function readPolicyOptions(options: PolicyOptions, { cwd }: CliIo): Promise<SessionParts['policy']> {
  const flags = options.rule ?? {}
  // What is written is everything, not the difference to an older baseline.
  if (options.baseline === false || options.writeBaseline !== undefined) return { flags, baseline: 'none' }
  if (options.baseline === undefined) return { flags }
  const baseline = await baselineAt(expandPath(options.baseline, cwd))
  if (!baseline) throw new UsageError(`${options.baseline}: no such baseline; --write-baseline makes one`)
  const [problem] = baseline.problems
  if (problem) throw new UsageError(`${options.baseline}: ${problem.message}`)
  return { flags, baseline }
}

/** Writes the baseline; the findings are known from then on. */
export async function saveBaseline(
  file: string,
  { state }: Pick<Look, 'state'>,
  findings: readonly Finding[],
  io: CliIo,
): Promise<void> {
  const path = expandPath(file, io.cwd)
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, writeBaseline(path, findings, textsOf(state.snapshot)))
  } catch (error) {
    throw new UsageError(`${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`)
  }
  io.err(`${findings.length} ${findings.length === 1 ? 'finding is' : 'findings are'} known in ${file} from now on.\n`)
}

function readRule(text: string, before: SeverityTable | undefined): SeverityTable {
  const [id = '', severity] = text.split('=')
  if (!isRuleId(id)) throw new InvalidArgumentError(`there is no rule "${id}"`)
  if (!isSeveritySetting(severity))
    throw new InvalidArgumentError(`a severity is one of ${severitySettings.join(', ')}`)
  return { ...before, [id]: severity }
}
