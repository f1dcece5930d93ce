// Answers the sidebar: the children of a row, and the rows that lead to a tensor.

import type { RowsToParams, TreeNode, TreeParams } from '../protocol'
import { buildTree } from '../tree/index'
import { rowsTo as rowsInTree } from '../tree/rowsTo'
import type { ServerContext } from './context'

export async function tree(ctx: ServerContext, params: Partial<TreeParams> | null): Promise<TreeNode[]> {
  const { snapshot, analysis } = await ctx.session.current()
  return buildTree(snapshot, analysis, {
    parent: params?.parent,
    grouping: params?.grouping === 'module' ? 'module' : 'shard',
    filter: params?.filter ?? '',
  })
}

export async function rowsTo(ctx: ServerContext, params: RowsToParams): Promise<readonly TreeNode[]> {
  const { snapshot, analysis } = await ctx.session.current()
  return rowsInTree(snapshot, analysis, params, params.grouping)
}
