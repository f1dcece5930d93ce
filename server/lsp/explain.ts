// Answers "Write Analysis" and "Explain Error": the analysis of the texts as they are, as Markdown with places to land on.

import { explanationOf } from '../explain/index'
import type { ExplainParams, Explanation } from '../protocol'
import type { ServerContext } from './context'

export async function explain(ctx: ServerContext, params: ExplainParams | null): Promise<Explanation> {
  const { snapshot, analysis } = await ctx.session.exact()
  return explanationOf(snapshot, analysis, readParams(params))
}

/** A client may send anything. */
function readParams(params: ExplainParams | null): ExplainParams {
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
  const finding = params?.finding
  return {
    model: text(params?.model),
    scope: text(params?.scope),
    error: text(params?.error),
    ...(typeof finding?.rule === 'string'
      ? {
          finding: {
            rule: finding.rule,
            path: text(finding.path),
            line: typeof finding.line === 'number' ? finding.line : undefined,
          },
        }
      : {}),
  }
}
