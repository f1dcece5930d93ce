// What people decided about findings, and `applyPolicy`, which follows it where findings leave the engine: the language
// server and the command line both go through here. Pure: files are read by workspace/policyFiles.ts.

import { jsonFilesOf } from '../checkpoint/models'
import type { Analysis, Snapshot } from '../engine'
import type { Finding, SeverityTable } from '../protocol'
import { rangeIn } from '../rules/show'
import { globMatches } from '../util/glob'
import { pathFrom } from './bindings'
import { baselineFilter, relativePath, type Baseline, type Texts } from './baseline'
import { suppresses, suppressionsOf, type Suppression } from './comments'
import { faultySettings, isRuleId, unusedSuppression, type RuleCard } from './policyRules'
import type { SettingsFile } from './settingsFile'
import { severityOf } from './severity'

/** What the files of one folder say; it holds for everything below that no deeper folder speaks for. */
export interface FolderPolicy {
  /** Absolute; patterns and the baseline's paths are relative to it. */
  readonly folder: string
  readonly settings: SettingsFile | undefined
  readonly baseline: Baseline | undefined
}

export interface Policy {
  /** The command line's flags, which win over everything. */
  readonly flags: SeverityTable
  /** The editor's settings, which hold where no file speaks. */
  readonly editor: SeverityTable
  readonly folders: readonly FolderPolicy[]
  /** The baseline named on the command line in place of the folders' own; `none` leaves out those too. */
  readonly baseline: Baseline | 'none' | undefined
}

export const noPolicy: Policy = { flags: {}, editor: {}, folders: [], baseline: undefined }

/** A finding that is not shown, and what says so. */
export interface Suppressed {
  readonly finding: Finding
  readonly by: 'comment' | 'settings' | 'baseline'
}

export interface Judged {
  /** What is left, with the severities that were asked for; the policy's own findings among them. */
  readonly findings: readonly Finding[]
  readonly suppressed: readonly Suppressed[]
}

/** Follows the policy. Order of findings is kept; findings about the policy itself come in the place of their file. */
export function applyPolicy(
  { findings, unknown }: Pick<Analysis, 'findings' | 'unknown'>,
  snapshot: Snapshot,
  policy: Policy,
): Judged {
  const comments = new Map(snapshot.programs.map(program => [program.path, suppressionsOf(program)] as const))
  const used = new Set<Suppression>()
  const baselines = new Map<Baseline, (finding: Finding) => boolean>()
  const knows = (baseline: Baseline, finding: Finding) => {
    let filter = baselines.get(baseline)
    if (!filter) baselines.set(baseline, (filter = baselineFilter(baseline, textsOf(snapshot))))
    return filter(finding)
  }
  const kept: Finding[] = []
  const suppressed: Suppressed[] = []
  const judge = (finding: Finding) => {
    const folder = folderPolicyOf(finding.path, policy)
    const matching = (comments.get(finding.path) ?? []).filter(comment => suppresses(comment, finding))
    for (const comment of matching) used.add(comment)
    const tables = [policy.flags, folder?.settings?.severity ?? {}, policy.editor]
    const severity = severityOf(finding.rule, finding.severity, tables)
    if (severity === undefined) return
    const baseline = policy.baseline === 'none' ? undefined : (policy.baseline ?? folder?.baseline)
    const judged = severity === finding.severity ? finding : { ...finding, severity }
    if (matching.length > 0) suppressed.push({ finding: judged, by: 'comment' })
    else if (folder && isIgnored(finding, folder)) suppressed.push({ finding: judged, by: 'settings' })
    else if (baseline && knows(baseline, finding)) suppressed.push({ finding: judged, by: 'baseline' })
    else kept.push(judged)
  }
  for (const finding of findings) judge(finding)
  // Only now is it known which comments were of no use.
  const own = [
    ...faults(policy),
    ...absentCheckpoints(policy, snapshot),
    ...unusedComments(snapshot, unknown, comments, used),
  ]
  for (const finding of own) judge(finding)
  if (own.length > 0) kept.sort(byPlace)
  return { findings: kept, suppressed }
}

/** Texts of the sources and JSON files of a snapshot, by path. */
export function textsOf({ models, programs, data = [] }: Snapshot): Texts {
  const files = [...programs, ...models.flatMap(jsonFilesOf), ...data]
  const byPath = new Map(files.map(file => [file.path, file]))
  return { get: path => byPath.get(path)?.text }
}

/** The deepest folder with a say that the path lies in. */
function folderPolicyOf(path: string, { folders }: Policy): FolderPolicy | undefined {
  let deepest: FolderPolicy | undefined
  for (const candidate of folders)
    if (isBelow(path, candidate.folder) && candidate.folder.length >= (deepest?.folder.length ?? 0)) deepest = candidate
  return deepest
}

function isBelow(path: string, folder: string): boolean {
  const bare = folder.replace(/[\\/]+$/, '')
  return path.startsWith(bare) && /^[\\/]/.test(path.slice(bare.length))
}

function isIgnored({ rule, path }: Finding, { folder, settings }: FolderPolicy): boolean {
  const below = relativePath(folder, path)
  return (settings?.ignore ?? []).some(
    ({ files, rules }) => (!rules || rules.includes(rule)) && files.some(pattern => globMatches(pattern, below)),
  )
}

/** Faults of the files that say what is wanted. */
function faults(policy: Policy): Finding[] {
  const named = policy.baseline === undefined || policy.baseline === 'none' ? [] : [policy.baseline]
  const files = policy.folders.flatMap(({ settings, baseline }) => [
    ...(settings ? [settings] : []),
    ...(baseline && policy.baseline === undefined ? [baseline] : []),
  ])
  return [...new Set([...files, ...named])].flatMap(file =>
    file.problems.map(({ offset, length, message }) =>
      finding(faultySettings, file.path, rangeIn(file, offset, offset + length), message),
    ),
  )
}

/** Paths of settings files that lead to no checkpoint: what they say could not be followed. */
function absentCheckpoints({ folders }: Policy, { models }: Snapshot): Finding[] {
  const known = new Set(models.flatMap(model => [model.path, ...model.shards.map(shard => shard.path)]))
  return folders.flatMap(({ folder, settings }) =>
    (settings?.checkpoints ?? [])
      .filter(({ path }) => !known.has(pathFrom(folder, path)))
      .map(({ path, offset, length }) => {
        const file = settings as SettingsFile
        const message = `no checkpoint is at ${path}: the programs are read as if nothing were said`
        return finding(faultySettings, file.path, rangeIn(file, offset, offset + length), message)
      }),
  )
}

/**
 * Comments that name no rule of ours, and comments that met no finding, the latter only where every load of their file
 * was followed to some model: elsewhere nobody knows whether they are needed.
 */
function unusedComments(
  { models, programs }: Snapshot,
  unknown: Analysis['unknown'],
  comments: ReadonlyMap<string, readonly Suppression[]>,
  used: ReadonlySet<Suppression>,
): Finding[] {
  const unclear = new Set(unknown.map(({ path }) => path))
  return programs.flatMap(({ path }) =>
    (comments.get(path) ?? []).flatMap(comment => {
      const { rules, range } = comment
      const strange = rules?.find(rule => !isRuleId(rule))
      if (used.has(comment)) return []
      if (rules?.length === 0) return [finding(unusedSuppression, path, range, 'the comment names no rule')]
      if (strange !== undefined) return [finding(unusedSuppression, path, range, `there is no rule "${strange}"`)]
      if (models.length === 0 || unclear.has(path)) return []
      const what = rules ? rules.join(' or ') : 'any rule'
      return [finding(unusedSuppression, path, range, `the comment suppresses nothing: no finding of ${what} is here`)]
    }),
  )
}

const finding = ({ id, severity }: RuleCard, path: string, range: Finding['range'], message: string): Finding => ({
  ...{ rule: id, severity, path, range, message },
  ...{ tensors: [], because: [], fixes: [] },
})

const byPlace = (a: Finding, b: Finding) =>
  (a.path < b.path ? -1 : a.path > b.path ? 1 : 0) ||
  a.range.start.line - b.range.start.line ||
  a.range.start.character - b.range.start.character
