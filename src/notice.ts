// A missing part of the world (no Python, no MLX), said once with its remedy behind a button.
// The command runs only when the user clicks, in a terminal that shows it.
import * as vscode from 'vscode'
import type { Notice } from '../server/protocol'

const install = 'Install MLX in Terminal'
const choose = 'Choose Interpreter'
const report = 'Show Report'

/** Shows a warning with the remedy. `openReport` adds a button for it. Does not wait for the answer. */
export function showNotice(notice: Notice, openReport?: () => unknown, before = ''): void {
  const buttons = [...(notice.command ? [install] : []), choose, ...(openReport ? [report] : [])]
  const text = [before, notice.reason, notice.remedy].filter(Boolean).map(sentence).join(' ')
  void vscode.window.showWarningMessage(text, ...buttons).then(choice => {
    if (choice === install && notice.command) runInTerminal(notice.command)
    if (choice === choose) void vscode.commands.executeCommand('tensorlint.chooseInterpreter')
    if (choice === report) openReport?.()
  })
}

function runInTerminal(command: string): void {
  const terminal = vscode.window.createTerminal({ name: 'Tensorlint', iconPath: new vscode.ThemeIcon('package') })
  terminal.show()
  terminal.sendText(command, true)
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
