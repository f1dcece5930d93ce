// A lens above every place where quantized tensors arrive: how many modules, and a button that verifies them.

import type { CodeLens } from 'vscode-languageserver'
import type { LoadSite } from '../engine'
import type { VerifyParams } from '../protocol'
import { pathOf } from './convert'
import type { ServerContext } from './context'

/** The client's command; its argument is a VerifyParams. */
export const verifyCommand = 'tensorlint.verify'

/** The lenses of one document. */
export async function codeLenses(ctx: ServerContext, uri: string): Promise<CodeLens[]> {
  const path = pathOf(uri)
  if (path === undefined) return []
  const { analysis } = await ctx.session.current()
  return analysis.sites
    .filter(site => site.path === path && site.modules.length > 0)
    .map(site => ({
      range: { start: site.range.start, end: site.range.start },
      command: {
        title: `${site.modules.length === 1 ? '1 module' : `${site.modules.length} modules`} · Verify Dequantize`,
        command: verifyCommand,
        arguments: [verifyParams(site)],
      },
    }))
}

function verifyParams({ models, modules }: LoadSite): VerifyParams {
  const model = models.length === 1 ? models[0] : undefined
  const scope = commonPath(modules)
  return { ...(model === undefined ? {} : { model }), ...(scope === '' ? {} : { scope }) }
}

/** The dotted path that all modules begin with. */
function commonPath(modules: readonly string[]): string {
  let common = modules[0]?.split('.') ?? []
  for (const module of modules) {
    const names = module.split('.')
    const differs = common.findIndex((name, i) => names[i] !== name)
    if (differs >= 0) common = common.slice(0, differs)
  }
  return common.join('.')
}
