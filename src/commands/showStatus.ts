// "Show Status": the counts in one sentence, with the next step behind a button.
import * as vscode from 'vscode'
import type { ServerStatus } from '../../server/protocol'
import type { Ctx } from '../context'
import { showNotice } from '../notice'
import { statusText } from '../statusItem'

/** Returns the status without waiting for the message to be answered; undefined when the server does not run. */
export async function showStatus(ctx: Ctx): Promise<ServerStatus | undefined> {
  const status = await ctx.status.refresh()
  if (!status) {
    void ask('The Tensorlint server is not running.', ['Restart Server', 'Show Output'])
  } else if (status.notice) {
    showNotice(status.notice)
  } else {
    void ask(`Tensorlint: ${statusText(status)}`, ['Show Problems', 'Show Output'])
  }
  return status
}

const steps = {
  'Restart Server': 'tensorlint.restartServer',
  'Show Output': 'tensorlint.showOutput',
  'Show Problems': 'workbench.actions.view.problems',
} as const

async function ask(text: string, buttons: readonly (keyof typeof steps)[]): Promise<void> {
  const choice = await vscode.window.showInformationMessage(text, ...buttons)
  if (choice) await vscode.commands.executeCommand(steps[choice])
}
