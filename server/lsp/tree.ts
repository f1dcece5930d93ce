// Answers the sidebar: the children of a row.

import type { TreeNode, TreeParams } from '../protocol'
import { buildTree } from '../tree/index'
import type { ServerContext } from './context'

export async function tree(ctx: ServerContext, params: Partial<TreeParams> | null): Promise<TreeNode[]> {
  const { snapshot, analysis } = await ctx.session.current()
  return buildTree(snapshot, analysis, {
    parent: params?.parent,
    grouping: params?.grouping === 'module' ? 'module' : 'shard',
    filter: params?.filter ?? '',
  })
}
