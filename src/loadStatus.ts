// The entry of each loader in the language status: "412 loads understood, 3 not". A click opens the list.
import * as vscode from 'vscode'
import { messages, type FileLoads } from '../server/protocol'
import type { Ctx } from './context'
import { programLanguages } from './programs'
import { counted } from './words'

/** Feature: keeps the entry of the active editor up to date. */
export function registerLoadStatus({ server, output }: Ctx): vscode.Disposable {
  const selector = programLanguages.map(language => ({ scheme: 'file', language }))
  let item: vscode.LanguageStatusItem | undefined
  let asked = 0
  const update = async () => {
    const question = ++asked
    const document = vscode.window.activeTextEditor?.document
    const isProgram = document !== undefined && vscode.languages.match(selector, document) > 0
    const loads = isProgram && server.state === 'running' ? await ask(document.uri) : undefined
    // A later question has been asked meanwhile.
    if (question !== asked) return
    if (!loads || loads.loads + loads.unknown === 0) {
      item?.dispose()
      item = undefined
      return
    }
    item ??= vscode.languages.createLanguageStatusItem('tensorlint.loads', selector)
    item.name = 'Tensorlint Loads'
    item.text = sentence(loads)
    item.detail = loads.models.length > 0 ? `of ${loads.models.join(', ')}` : undefined
    item.command = { command: 'tensorlint.showLoads', title: 'Show', arguments: [document?.uri.toString()] }
  }
  const ask = async (uri: vscode.Uri) => {
    try {
      return (await server.request<FileLoads | null>(messages.fileLoads, { uri: uri.toString() })) ?? undefined
    } catch (error) {
      output.debug(`The loads of ${uri.toString()} could not be asked for: ${String(error)}`)
      return undefined
    }
  }
  void update()
  return vscode.Disposable.from(
    vscode.window.onDidChangeActiveTextEditor(() => void update()),
    server.onDidChangeModels(() => void update()),
    server.onDidChangeState(() => void update()),
    { dispose: () => item?.dispose() },
  )
}

const sentence = ({ loads, unknown }: FileLoads): string =>
  `${counted(loads, 'load')} understood${unknown > 0 ? `, ${unknown} not` : ''}`
