// Lenses above a loader and its functions: how many loads were followed, which leads to the list of them; and above every
// place where quantized tensors arrive: how many modules, and a button that verifies them.

import type { CodeLens } from 'vscode-languageserver'
import type { Analysis, LoadSite } from '../engine'
import { countLoads, type LoadCounts, showCounts } from '../insight/counts'
import type { VerifyParams } from '../protocol'
import { rangeIn } from '../rules/show'
import type { Program } from '../source/ir'
import { pathOf } from './convert'
import type { ServerContext } from './context'
import { presentRange } from './cursor'

/** The client's command; its argument is a VerifyParams. */
export const verifyCommand = 'tensorlint.verify'

/** The lenses of one document. */
export async function codeLenses(ctx: ServerContext, uri: string): Promise<CodeLens[]> {
  const path = pathOf(uri)
  if (path === undefined) return []
  const state = await ctx.session.current()
  const { analysis, snapshot } = state
  const program = snapshot.programs.find(p => p.path === path)
  const counts = program ? countLenses(ctx, analysis, program, uri) : []
  const sites = analysis
    .sites()
    .filter(site => site.path === path && site.modules.size > 0)
    .map(site => ({
      range: { start: site.range.start, end: site.range.start },
      command: {
        title: `${site.modules.size === 1 ? '1 module' : `${site.modules.size} modules`} · Verify Dequantize`,
        command: verifyCommand,
        arguments: [verifyParams(site)],
      },
    }))
  return [...counts, ...sites].map(lens => ({ ...lens, range: presentRange(state, path, lens.range) }))
}

/** The client's command; its argument is a document's URI. */
const loadsCommand = 'tensorlint.showLoads'

function countLenses(ctx: ServerContext, analysis: Analysis, program: Program, uri: string): CodeLens[] {
  const counts = countLoads(analysis, program)
  const lens = (own: LoadCounts, offset: number): CodeLens[] => {
    const title = showCounts(own)
    const { start } = rangeIn(program, offset, offset)
    // Other editors show the words; they have no list to open.
    const command = ctx.settings.headerDocuments
      ? { title, command: loadsCommand, arguments: [uri] }
      : { title, command: '' }
    return title === '' ? [] : [{ range: { start, end: start }, command }]
  }
  return [...lens(counts, 0), ...[...counts.functions].flatMap(([def, own]) => lens(own, def.span.start))]
}

function verifyParams({ models, modules }: LoadSite): VerifyParams {
  const model = models.length === 1 ? models[0] : undefined
  const scope = commonPath(modules)
  return { ...(model === undefined ? {} : { model }), ...(scope === '' ? {} : { scope }) }
}

const paths = new WeakMap<ReadonlySet<string>, string>()
/** The dotted path that all modules begin with; kept, since thousands may arrive at one place, edit after edit. */
function commonPath(modules: ReadonlySet<string>): string {
  let known = paths.get(modules)
  if (known === undefined) paths.set(modules, (known = commonBeginning(modules)))
  return known
}

function commonBeginning(modules: ReadonlySet<string>): string {
  let [common = ''] = modules
  for (const module of modules)
    while (common !== '' && module !== common && !module.startsWith(`${common}.`))
      common = common.slice(0, Math.max(0, common.lastIndexOf('.')))
  return common
}
