// Answers "what do you know?": counts for the status item, for "Copy Debug Information" and for tests.

import type { ServerStatus } from '../protocol'
import type { ServerContext } from './context'

export async function status(ctx: ServerContext): Promise<ServerStatus> {
  const { snapshot, analysis, suppressed } = await ctx.session.current()
  const tensors = snapshot.models.reduce(
    (sum, model) => sum + model.shards.reduce((inner, shard) => inner + shard.tensors.count, 0),
    0,
  )
  return {
    models: snapshot.models.length,
    tensors,
    findings: analysis.findings.length,
    ...(suppressed.length > 0 ? { suppressed: suppressed.length } : {}),
    loadsUnderstood: analysis.understood,
    loadsUnknown: analysis.unknown.length,
    python: ctx.settings.python,
    ...(ctx.notice ? { notice: ctx.notice } : {}),
  }
}
