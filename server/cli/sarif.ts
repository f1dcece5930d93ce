// Findings as SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0), the form that code scanning services read.
// Rules carry their pages as help, paths are relative to the folder where the command ran, lines and columns count from
// one, and a place in a shard has no region, because a shard has no lines.

import type {
  ArtifactChange,
  ArtifactLocation,
  Fix as SarifFix,
  Location,
  Log,
  PhysicalLocation,
  Region,
  ReportingDescriptor,
  Result,
} from 'sarif'
import type { World } from '../lsp/context'
import { fingerprintOf, relativePath, type Texts } from '../policy/baseline'
import { textsOf } from '../policy/policy'
import { ruleCards, type RuleCard } from '../policy/policyRules'
import type { Because, Finding, Fix, Range, Severity } from '../protocol'
import { rulePageText } from '../workspace/rulePages'
import { folderUri, uriBelow } from './uris'
import type { Look } from './workspace'

const baseId = 'SRCROOT'
const levels = { error: 'error', warning: 'warning', information: 'note', hint: 'note' } as const satisfies Readonly<
  Record<Severity, Result.level>
>
/** GitHub refuses a result with more than 1000; nobody follows a hundred. */
const MAX_RELATED = 100

/** The whole log as text. */
export function sarifText(
  { state }: Pick<Look, 'state'>,
  findings: readonly Finding[],
  world: World,
  cwd: string,
): string {
  const { broken } = state.analysis
  const cards = [...ruleCards, ...strangers(findings)]
  const ruleIndex = new Map(cards.map(({ id }, i) => [id, i]))
  const texts = textsOf(state.snapshot)
  const prints = new Map<string, number>()
  const log: Log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: { name: 'Tensorlint', version: world.version, rules: cards.map(card => descriptor(card, world)) },
        },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { [baseId]: { uri: folderUri(cwd) } },
        invocations: [
          {
            executionSuccessful: broken.length === 0,
            toolExecutionNotifications: broken.map(({ rule, error }) => ({
              level: 'error' as const,
              message: { text: `rule ${rule} failed: ${error instanceof Error ? error.message : String(error)}` },
            })),
          },
        ],
        results: findings.map(finding => ({
          ...result(finding, cwd),
          ruleIndex: ruleIndex.get(finding.rule),
          partialFingerprints: { 'tensorlint/v1': countedPrint(finding, cwd, texts, prints) },
        })),
      },
    ],
  }
  return `${JSON.stringify(log, null, 2)}\n`
}

/** Rules that a world of its own reports; every rule of a result must be described. */
function strangers(findings: readonly Finding[]): RuleCard[] {
  const known = new Set(ruleCards.map(({ id }) => id))
  const ids = [...new Set(findings.map(({ rule }) => rule))].filter(id => !known.has(id))
  return ids.map(id => ({ id, severity: 'error', title: id }))
}

function descriptor({ id, severity, title }: RuleCard, world: World): ReportingDescriptor {
  const page = rulePageText(world.rulePage?.(id))
  return {
    id,
    name: id.replace(/(^|-)([a-z])/g, (_, __, letter: string) => letter.toUpperCase()),
    shortDescription: { text: title },
    fullDescription: { text: page === undefined ? title : meaningOf(page) },
    // The plain text is what a reader without Markdown sees; the page is written to be read as it is.
    help: { text: page ?? title, markdown: page ?? title },
    defaultConfiguration: { level: levels[severity] },
  }
}

/** The paragraph under "What it means", as one line. */
function meaningOf(page: string): string {
  const [, meaning = page] = /## What it means\s+([\s\S]*?)(?:\n\n|$)/.exec(page) ?? []
  return meaning.replace(/\s+/g, ' ').trim()
}

function result(finding: Finding, cwd: string): Result {
  const { rule, severity, path, range, message, tensors, because, fixes } = finding
  return {
    ruleId: rule,
    level: levels[severity],
    message: { text: message },
    locations: [{ physicalLocation: place(path, range, cwd) }],
    ...(because.length > 0
      ? { relatedLocations: because.slice(0, MAX_RELATED).map((b, id) => related(b, id, cwd)) }
      : {}),
    ...(fixes.length > 0 ? { fixes: fixes.map(fix => sarifFix(fix, cwd)) } : {}),
    ...(tensors.length > 0 ? { properties: { tensors: [...tensors] } } : {}),
  }
}

function related({ path, range, message, tensor }: Because, id: number, cwd: string): Location {
  const logical = tensor === undefined ? {} : { logicalLocations: [{ fullyQualifiedName: tensor, kind: 'member' }] }
  return { id, message: { text: message }, physicalLocation: place(path, range, cwd), ...logical }
}

function place(path: string, range: Range, cwd: string): PhysicalLocation {
  const artifactLocation = artifact(path, cwd)
  const isBinary = /\.safetensors$/i.test(path)
  return isBinary ? { artifactLocation } : { artifactLocation, region: region(range) }
}

function artifact(path: string, cwd: string): ArtifactLocation {
  const { uri, isRelative } = uriBelow(cwd, path)
  return isRelative ? { uri, uriBaseId: baseId } : { uri }
}

/** SARIF counts from one too, and its end column is the one behind the last character, as ours is. */
const region = ({ start, end }: Range): Region => ({
  startLine: start.line + 1,
  startColumn: start.character + 1,
  endLine: end.line + 1,
  endColumn: end.character + 1,
})

function sarifFix({ title, kind, edits }: Fix, cwd: string): SarifFix {
  const changes = new Map<string, ArtifactChange>()
  for (const { path, range, newText } of edits) {
    const change = changes.get(path) ?? { artifactLocation: artifact(path, cwd), replacements: [] }
    change.replacements.push({ deletedRegion: region(range), insertedContent: { text: newText } })
    changes.set(path, change)
  }
  const text = kind === 'safe' ? title : `${title} (needs a look)`
  return { description: { text }, artifactChanges: [...changes.values()] }
}

/** The baseline's identity; a second finding of the same identity is told apart by its number. */
function countedPrint(finding: Finding, cwd: string, texts: Texts, seen: Map<string, number>): string {
  const print = `${fingerprintOf(finding, texts)}:${relativePath(cwd, finding.path)}`
  const count = (seen.get(print) ?? 0) + 1
  seen.set(print, count)
  return `${fingerprintOf(finding, texts)}:${count}`
}
