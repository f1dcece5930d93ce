// "Fix All in Workspace": the safe fixes of all findings in one edit, which can be undone in one step. What is changed is
// left unsaved for people to look at.
import * as vscode from 'vscode'
import { messages, type FixAll } from '../../server/protocol'
import type { Ctx } from '../context'
import { counted } from '../words'

type ProtocolEdit = Parameters<
  Awaited<ReturnType<Ctx['server']['running']>>['protocol2CodeConverter']['asWorkspaceEdit']
>[0]

/** Returns how many fixes were applied. */
export async function fixAll(ctx: Ctx): Promise<number> {
  const client = await ctx.server.running()
  const { fixes, files, edit } = await ctx.server.request<FixAll>(messages.fixAll, undefined)
  if (fixes === 0) {
    void vscode.window.showInformationMessage('No finding in this workspace has a safe fix.')
    return 0
  }
  const converted = await client.protocol2CodeConverter.asWorkspaceEdit(edit as ProtocolEdit)
  if (!converted || !(await vscode.workspace.applyEdit(converted))) {
    void vscode.window.showWarningMessage('The fixes were not applied: a file has changed meanwhile.')
    return 0
  }
  const sentence = `Applied ${fixes === 1 ? '1 safe fix' : `${fixes.toLocaleString('en-US')} safe fixes`} in ${counted(files, 'file')}.`
  const save = 'Save All'
  void vscode.window.showInformationMessage(sentence, save).then(async choice => {
    if (choice === save) await vscode.workspace.saveAll()
  })
  return fixes
}
