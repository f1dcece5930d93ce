// "Explain Rule": the page of a rule, picked from a list where none is named.
import * as vscode from 'vscode'
import type { Ctx } from '../context'
import { rulePages, showRule } from '../ruleDocuments'
import { ruleName } from '../ruleNames'

/** Takes a rule's name. */
export async function explainRule({ extension }: Ctx, given?: unknown): Promise<void> {
  const id = ruleName(given) ?? (await pickRule(extension))
  if (id !== undefined) await showRule(id)
}

async function pickRule(extension: vscode.ExtensionContext): Promise<string | undefined> {
  const items = rulePages(extension).then(pages => pages.map(({ id, title }) => ({ label: id, description: title })))
  const picked = await vscode.window.showQuickPick(items, {
    title: 'Explain a rule of Tensorlint',
    matchOnDescription: true,
  })
  return picked?.label
}
