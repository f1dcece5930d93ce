// Answers the read-only page of a shard's header.

import type { HeaderParams, HeaderText } from '../protocol'
import { headerText } from '../tree/headerText'
import type { ServerContext } from './context'

/** The page of a shard that belongs to a model; a sentence where there is no such shard. */
export async function header(ctx: ServerContext, params: HeaderParams): Promise<HeaderText> {
  const { snapshot } = await ctx.session.current()
  for (const model of snapshot.models)
    for (const shard of model.shards) if (shard.path === params.path) return headerText(shard, params.tensor)
  return { text: `${params.path} is not a checkpoint of this workspace.\n`, line: 0 }
}
