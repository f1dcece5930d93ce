// "Filter Tensors…": narrows the tree while the user types; Escape brings the former filter back.
import * as vscode from 'vscode'
import type { Ctx } from '../context'

/** Sets the given filter, else the one that the user types. */
export async function filterTensors(ctx: Ctx, given?: unknown): Promise<void> {
  if (typeof given === 'string') return ctx.tree.setFilter(given)
  const former = ctx.tree.filter
  const input = vscode.window.createInputBox()
  input.title = 'Filter Tensors'
  input.placeholder = 'Part of a tensor or module name, for example q_proj'
  input.value = former
  let timer: NodeJS.Timeout | undefined
  let accepted = false
  input.onDidChangeValue(value => {
    clearTimeout(timer)
    timer = setTimeout(() => ctx.tree.setFilter(value), 150)
  })
  input.onDidAccept(() => {
    accepted = true
    input.hide()
  })
  input.show()
  await new Promise<void>(resolve => input.onDidHide(() => resolve()))
  clearTimeout(timer)
  ctx.tree.setFilter(accepted ? input.value : former)
  input.dispose()
}
