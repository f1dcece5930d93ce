// The pages of docs/rules as read-only documents: `tensorlint-rule:/transposed-triple.md`, which diagnostics link to.
// The pages are shipped with the extension, so nothing is fetched.
import * as vscode from 'vscode'
import { ruleScheme } from '../server/protocol'
import type { Ctx } from './context'
import { ruleOf, titleOf } from './ruleNames'

/** Feature: answers the scheme. */
export function registerRuleDocuments({ extension }: Ctx): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(ruleScheme, {
    provideTextDocumentContent: uri => pageText(extension, ruleOf(uri.path)),
  })
}

export interface RulePage {
  readonly id: string
  readonly title: string
}

/** Every page, by name. */
export async function rulePages(extension: vscode.ExtensionContext): Promise<RulePage[]> {
  const entries = await vscode.workspace.fs.readDirectory(folderOf(extension))
  const ids = entries.flatMap(([name]) => ruleOf(name) ?? [])
  return Promise.all(ids.sort().map(async id => ({ id, title: titleOf(await pageText(extension, id)) })))
}

/** Shows a page as it is meant to look, where Markdown can be rendered, else as text. */
export async function showRule(id: string): Promise<void> {
  const uri = vscode.Uri.from({ scheme: ruleScheme, path: `/${id}.md` })
  try {
    await vscode.commands.executeCommand('markdown.showPreview', uri)
  } catch {
    // The built-in Markdown extension can be switched off.
    await vscode.window.showTextDocument(uri)
  }
}

async function pageText(extension: vscode.ExtensionContext, id: string | undefined): Promise<string> {
  if (id === undefined) return 'This is not the name of a rule.\n'
  try {
    const bytes = await vscode.workspace.fs.readFile(vscode.Uri.joinPath(folderOf(extension), `${id}.md`))
    return new TextDecoder().decode(bytes)
  } catch {
    return `There is no page about ${id}.\n`
  }
}

const folderOf = (extension: vscode.ExtensionContext) => vscode.Uri.joinPath(extension.extensionUri, 'dist', 'rules')
