// Publishes the findings, file by file, whether a file is open or not, and takes them back when they are gone.
// A diagnostic carries its fixes in `data`, so that a later code action needs nothing but the diagnostic.

import type { Diagnostic, DiagnosticRelatedInformation } from 'vscode-languageserver'
import type { Shard } from '../checkpoint/facts'
import type { Because, Finding, Fix, Range } from '../protocol'
import { headerLine } from '../tree/headerText'
import type { SessionState } from '../workspace/session'
import { headerUriOf, ruleUriOf, severities, uriOf } from './convert'
import { presentFinding } from './cursor'
import type { ServerContext } from './context'

export interface DiagnosticData {
  readonly fixes: readonly Fix[]
  /** Versions of the open documents that the fixes edit, as they were when the finding was made. */
  readonly versions: Readonly<Record<string, number>>
}

/** More places than anyone follows; a finding over all layers of all ranks may have hundreds. */
const MAX_RELATED = 100

/** Publishes what changed since the last call. */
export class DiagnosticsPublisher {
  /** By URI, as sent: equal text is not sent again. */
  private published = new Map<string, string>()

  constructor(private readonly ctx: ServerContext) {}

  publish(state: SessionState): void {
    const shards = new Map(
      state.snapshot.models.flatMap(model => model.shards.map(shard => [shard.path, shard] as const)),
    )
    const byUri = new Map<string, { path: string; diagnostics: Diagnostic[] }>()
    for (const analysed of state.analysis.findings) {
      const finding = presentFinding(state, analysed)
      const { uri, range } = this.place(finding, shards)
      const entry = byUri.get(uri) ?? { path: finding.path, diagnostics: [] }
      entry.diagnostics.push(this.diagnostic(finding, range, state, shards))
      byUri.set(uri, entry)
    }
    // Of what is open a client hears after every change: that nothing is wrong is an answer too.
    for (const path of state.versions.keys()) {
      const uri = this.ctx.openUris.get(path)
      if (uri !== undefined && !byUri.has(uri)) byUri.set(uri, { path, diagnostics: [] })
    }
    const next = new Map<string, string>()
    for (const [uri, { path, diagnostics }] of byUri) {
      const version = state.versions.get(path)
      const text = JSON.stringify([version, diagnostics])
      next.set(uri, text)
      if (this.published.get(uri) !== text) this.send(uri, diagnostics, version)
    }
    for (const uri of this.published.keys()) if (!next.has(uri)) this.send(uri, [], undefined)
    this.published = next
  }

  private send(uri: string, diagnostics: Diagnostic[], version: number | undefined): void {
    // The promise settles when the message is written; a closed connection is not our trouble.
    this.ctx.connection.sendDiagnostics({ uri, diagnostics, version }).catch(() => undefined)
  }

  private diagnostic(
    finding: Finding,
    range: Range,
    state: SessionState,
    shards: ReadonlyMap<string, Shard>,
  ): Diagnostic {
    const touched = finding.fixes.flatMap(fix => fix.edits.map(edit => edit.path))
    const data: DiagnosticData = {
      fixes: finding.fixes,
      versions: Object.fromEntries([...state.versions].filter(([path]) => touched.includes(path))),
    }
    const related = this.ctx.capabilities.textDocument?.publishDiagnostics?.relatedInformation !== false
    return {
      range,
      severity: severities[finding.severity],
      code: finding.rule,
      codeDescription: this.explanation(finding.rule),
      source: 'tensorlint',
      message: finding.message,
      relatedInformation: related
        ? finding.because.slice(0, MAX_RELATED).map(because => this.related(because, shards))
        : undefined,
      data,
    }
  }

  /** Where the rule's page is: a document of our own client, or the file itself in another editor. */
  private explanation(rule: string): { href: string } | undefined {
    const page = this.ctx.world.rulePage?.(rule)
    if (page === undefined) return undefined
    return { href: this.ctx.settings.headerDocuments ? ruleUriOf(rule) : uriOf(page) }
  }

  private related(because: Because, shards: ReadonlyMap<string, Shard>): DiagnosticRelatedInformation {
    const { uri, range } = this.place(because, shards)
    return { location: { uri, range }, message: because.message }
  }

  /** Where a place is shown: inside a shard that is its header's page, where the client can open one. */
  private place(
    at: { path: string; range: Range; tensor?: string; tensors?: readonly string[] },
    shards: ReadonlyMap<string, Shard>,
  ): { uri: string; range: Range } {
    const shard = shards.get(at.path)
    if (!shard || !this.ctx.settings.headerDocuments)
      return { uri: this.ctx.openUris.get(at.path) ?? uriOf(at.path), range: at.range }
    const tensor = at.tensor ?? at.tensors?.find(name => shard.tensors.find(name))
    const line = tensor === undefined ? 0 : headerLine(shard, tensor)
    // Findings of one shard share one page, so that the Problems panel lists them under one file.
    const uri = headerUriOf(at.path, at.tensor)
    return { uri, range: { start: { line, character: 0 }, end: { line, character: 0 } } }
  }
}
