// Recognises the first line of MLX's errors in the integrated terminal and makes it a link: "Explain with Tensorlint".
// A link knows its own line only; where VS Code can copy the last command's output, the traceback comes along.
import * as vscode from 'vscode'
import { errorLinePattern } from '../server/protocol'
import type { Ctx } from './context'
import { explainError } from './commands/explainError'

interface ErrorLink extends vscode.TerminalLink {
  readonly text: string
}

/** Longer lines are no error messages. */
const maxLine = 4_000

/** The links of a line: its index, length and text; at most one. */
export function errorLinks(line: string): ErrorLink[] {
  if (line.length > maxLine) return []
  const match = new RegExp(errorLinePattern).exec(line)
  if (!match) return []
  return [{ startIndex: match.index, length: match[0].length, tooltip: 'Explain with Tensorlint', text: line }]
}

/** Feature: the link provider. */
export function registerTerminalLinks(ctx: Ctx): vscode.Disposable {
  const provider: vscode.TerminalLinkProvider<ErrorLink> = {
    provideTerminalLinks: ({ line }) => errorLinks(line),
    handleTerminalLink: async link => {
      await explainError(ctx, await withTraceback(link.text))
    },
  }
  return vscode.window.registerTerminalLinkProvider(provider)
}

/** The output of the last command if the line is in it, else the line; the clipboard is left as it was. */
async function withTraceback(line: string): Promise<string> {
  const before = await vscode.env.clipboard.readText()
  try {
    await vscode.commands.executeCommand('workbench.action.terminal.copyLastCommandOutput')
    const output = await vscode.env.clipboard.readText()
    const flat = (text: string) => text.replace(/\s+/g, '')
    return output !== before && flat(output).includes(flat(line)) ? output : line
  } catch {
    // Without shell integration there is no such output.
    return line
  } finally {
    await vscode.env.clipboard.writeText(before)
  }
}
