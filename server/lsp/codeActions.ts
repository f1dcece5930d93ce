// The light bulb. Quick fixes come from the diagnostics themselves; the two "all safe fixes" actions are worked out from the
// present analysis, because a client sends only the diagnostics under the cursor. Every fix is tried first
// (workspace/trials.ts). One that needs a look is only ever offered alone.

import { CodeActionKind, type CodeAction, type CodeActionParams, type Diagnostic } from 'vscode-languageserver'
import type { ExplainParams, Finding, Fix, FixAll } from '../protocol'
import { mergeSafeFixes, type MergedFixes } from '../workspace/fixes'
import type { SessionState } from '../workspace/session'
import { fixesTogether, triedFixes } from '../workspace/trials'
import { pathOf, workspaceEdit } from './convert'
import type { ServerContext } from './context'
import { presentFinding } from './cursor'
import type { DiagnosticData } from './diagnostics'

export const fixAllKind = `${CodeActionKind.SourceFixAll}.tensorlint`

/** Kinds of actions that `initialize` announces. */
export const codeActionKinds = [CodeActionKind.QuickFix, fixAllKind]

/** The actions for a selection. */
export async function codeActions(ctx: ServerContext, params: CodeActionParams): Promise<CodeAction[]> {
  const wants = (kind: string) =>
    !params.context.only ||
    params.context.only.some(only => kind === only || kind.startsWith(`${only}.`) || only === '')
  const ours = params.context.diagnostics.filter(diagnostic => diagnostic.source === 'tensorlint')
  const actions: CodeAction[] = []
  if (wants(CodeActionKind.QuickFix)) {
    const fixable: Diagnostic[] = []
    for (const diagnostic of ours) {
      const data = await triedData(ctx, params.textDocument.uri, diagnostic)
      if (!data) continue
      actions.push(...quickFixes(ctx, diagnostic, data))
      if (data.fixes.some(({ kind }) => kind === 'safe')) fixable.push(diagnostic)
    }
    if (fixable.length > 0) actions.push(...(await bulkFixes(ctx, params.textDocument.uri, fixable)))
    // Only our own client has the command.
    if (ctx.settings.headerDocuments)
      for (const diagnostic of ours) actions.push(writeAnalysis(params.textDocument.uri, diagnostic))
  }
  // Asked for by name (on save, from a menu); without a name every light bulb would carry it.
  if (params.context.only && wants(fixAllKind)) {
    const state = await ctx.session.current()
    const { edits, chosen } = fixesOf(ctx, state, pathOf(params.textDocument.uri))
    if (chosen.length > 0)
      actions.push({ title: 'Apply all safe fixes', kind: fixAllKind, edit: workspaceEdit(edits, support(ctx, state)) })
  }
  return actions
}

function quickFixes(ctx: ServerContext, diagnostic: Diagnostic, data: DiagnosticData): CodeAction[] {
  const safe = data.fixes.filter(({ kind }) => kind === 'safe')
  return data.fixes.map(fix => ({
    title: fix.kind === 'safe' ? fix.title : `${fix.title} (needs a look)`,
    kind: CodeActionKind.QuickFix,
    diagnostics: [diagnostic],
    isPreferred: safe.length === 1 && fix === safe[0],
    edit: workspaceEdit(fix.edits, { documentChanges: takesVersions(ctx), versions: data.versions }),
  }))
}

/** The client's command; its argument is an ExplainParams. */
export const analysisCommand = 'tensorlint.writeAnalysis'

function writeAnalysis(uri: string, diagnostic: Diagnostic): CodeAction {
  const rule = String(diagnostic.code)
  const params: ExplainParams = { finding: { rule, path: pathOf(uri), line: diagnostic.range.start.line } }
  const title = 'Write analysis…'
  return {
    title,
    kind: CodeActionKind.QuickFix,
    diagnostics: [diagnostic],
    command: { title, command: analysisCommand, arguments: [params] },
  }
}

async function bulkFixes(ctx: ServerContext, uri: string, diagnostics: Diagnostic[]): Promise<CodeAction[]> {
  const state = await ctx.session.current()
  const inFile = fixesOf(ctx, state, pathOf(uri))
  const everywhere = fixesOf(ctx, state, undefined)
  const action = (where: string, { chosen, edits }: MergedFixes): CodeAction => ({
    title: `Fix all in this ${where}: ${chosen.length} safe fixes`,
    kind: CodeActionKind.QuickFix,
    diagnostics,
    edit: workspaceEdit(edits, support(ctx, state)),
  })
  return [
    ...(inFile.chosen.length > 1 ? [action('file', inFile)] : []),
    ...(everywhere.chosen.length > inFile.chosen.length ? [action('workspace', everywhere)] : []),
  ]
}

/** All of them at once, for the command of our own client. */
export async function fixAll(ctx: ServerContext): Promise<FixAll> {
  const state = await ctx.session.current()
  const { chosen, edits } = fixesOf(ctx, state, undefined)
  const files = new Set(edits.map(edit => edit.path)).size
  return { fixes: chosen.length, files, edit: workspaceEdit(edits, support(ctx, state)) }
}

/** Safe fixes of the findings in one file, or in all of them. */
function fixesOf(ctx: ServerContext, state: SessionState, path: string | undefined): MergedFixes {
  const findings = state.analysis.findings.filter(finding => path === undefined || finding.path === path)
  const fixes = fixesTogether(state.snapshot, findings, snapshot => ctx.world.analyse(snapshot))
  return mergeSafeFixes(findings.map(finding => presentFinding(state, finding, fixes(finding))))
}

const takesVersions = (ctx: ServerContext) => ctx.capabilities.workspace?.workspaceEdit?.documentChanges === true

const support = (ctx: ServerContext, state: SessionState) => ({
  documentChanges: takesVersions(ctx),
  versions: Object.fromEntries(state.versions),
})

/** The data of a diagnostic with those of its fixes that are worth an offer; as it came where its finding is not there any more. */
async function triedData(ctx: ServerContext, uri: string, diagnostic: Diagnostic): Promise<DiagnosticData | undefined> {
  const data = dataOf(diagnostic)
  if (!data || data.fixes.length === 0) return data
  const state = await ctx.session.current()
  const path = pathOf(uri)
  const isMeant = (finding: Finding): boolean =>
    finding.path === path && finding.rule === diagnostic.code && finding.message === diagnostic.message
  const same = state.analysis.findings.filter(isMeant)
  const finding = same.find(one => {
    const { start } = presentFinding(state, one).range
    return start.line === diagnostic.range.start.line && start.character === diagnostic.range.start.character
  })
  if (!finding) return data
  const fixes = triedFixes(state.snapshot, finding, snapshot => ctx.world.analyse(snapshot))
  return { ...data, fixes: presentFinding(state, finding, fixes).fixes }
}

/** The data of one of our diagnostics as it came back; undefined where a client drops or changes it. */
function dataOf({ data }: Diagnostic): DiagnosticData | undefined {
  const value = data as Partial<DiagnosticData> | null | undefined
  if (typeof value !== 'object' || value === null || !Array.isArray(value.fixes)) return undefined
  const fixes = (value.fixes as readonly Fix[]).filter(fix => typeof fix.title === 'string' && Array.isArray(fix.edits))
  return { fixes, versions: value.versions ?? {} }
}
