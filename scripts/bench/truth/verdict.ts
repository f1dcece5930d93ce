// What Tensorlint says of a mutant: the engine's findings on its files, as plain data.

import type { Shard } from '../../../server/checkpoint/facts'
import { readShard } from '../../../server/checkpoint/shard'
import { analyse, type Snapshot } from '../../../server/engine'
import type { Finding, Fix, Range, Severity } from '../../../server/protocol'
import { bytesSource } from '../../../server/util/byteSource'
import { workspace } from '../../../test/support/casePage'
import { snapshotOf } from '../../../test/support/runCase'
import { shardFacts } from './materialise'
import type { SpecimenFiles } from './specimen'

/** A place of a finding: path below the workspace, lines counted from one. */
export interface FoundPlace {
  readonly path: string
  readonly line: number
  readonly endLine: number
}

export interface Found extends FoundPlace {
  readonly rule: string
  readonly severity: Severity
  readonly message: string
  readonly tensors: readonly string[]
  readonly related: readonly FoundPlace[]
  readonly fixes: readonly Fix[]
}

const mostTensors = 50

/** Every finding. */
export const findingsOn = async (files: SpecimenFiles): Promise<Found[]> => [...(await looked(files)).findings.keys()]

/** What the engine sees, and all that it finds; texts and shards that did not change are the same objects as before. */
export async function looked(
  files: SpecimenFiles,
): Promise<{ snapshot: Snapshot; findings: ReadonlyMap<Found, Finding> }> {
  const texts = new Map<string, string>()
  const shards: Shard[] = []
  for (const [path, file] of files) {
    const absolute = `${workspace}/${path}`
    if (file.kind === 'shard') shards.push(await shardFacts(absolute, file))
    else if (path.endsWith('.safetensors')) shards.push(await readShard(absolute, bytesSource(Buffer.from(file.text))))
    else texts.set(absolute, file.text)
  }
  const snapshot = snapshotOf({ texts, shards })
  const { findings, broken } = analyse(snapshot)
  const [trouble] = broken
  if (trouble) throw new Error(`${trouble.rule} broke`, { cause: trouble.error })
  return { snapshot, findings: new Map(findings.map(finding => [foundOf(finding), finding])) }
}

function foundOf({ rule, severity, message, tensors, path, range, because, fixes }: Finding): Found {
  return {
    rule,
    severity,
    message,
    tensors: tensors.slice(0, mostTensors),
    ...placeOf(path, range),
    related: because.map(one => placeOf(one.path, one.range)),
    fixes,
  }
}

const placeOf = (path: string, { start, end }: Range): FoundPlace => ({
  path: path.startsWith(`${workspace}/`) ? path.slice(workspace.length + 1) : '',
  line: start.line + 1,
  endLine: end.line + 1,
})

/** The findings of errors and warnings that are not on the original; that is a verdict. */
export function newFindings(original: readonly Found[], now: readonly Found[]): Found[] {
  const known = new Map<string, number>()
  for (const found of original) known.set(keyOf(found), (known.get(keyOf(found)) ?? 0) + 1)
  return now.filter(found => {
    if (found.severity !== 'error' && found.severity !== 'warning') return false
    const left = known.get(keyOf(found)) ?? 0
    known.set(keyOf(found), left - 1)
    return left <= 0
  })
}

const keyOf = ({ rule, path, message }: Found): string => `${rule}\n${path}\n${message}`
