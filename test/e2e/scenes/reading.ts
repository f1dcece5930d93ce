// What an editor shows of a loader while it is read and written: hovers, hints, links to tensors and back, completion,
// counts. The sample as generated; nothing in it is changed.
import assert from 'node:assert/strict'
import * as vscode from 'vscode'
import type { FileLoads, TreeNode } from '../../../server/protocol'
import type { SceneTest } from '../suite'
import { eventually, fileUri, findingsAppear } from './support'

const python = () => fileUri('loader.py')

/** The place of a text in the loader, some signs behind its beginning. */
async function placeOf(text: string, behind = 1): Promise<{ uri: vscode.Uri; position: vscode.Position }> {
  const document = await vscode.workspace.openTextDocument(python())
  const offset = document.getText().indexOf(text)
  assert(offset >= 0, `loader.py holds ${text}`)
  return { uri: document.uri, position: document.positionAt(offset + behind) }
}

async function ask<T>(command: string, text: string, behind?: number): Promise<T> {
  const { uri, position } = await placeOf(text, behind)
  return vscode.commands.executeCommand<T>(command, uri, position)
}

async function hoverText(text: string): Promise<string> {
  const hovers = await ask<vscode.Hover[]>('vscode.executeHoverProvider', text)
  return hovers.flatMap(hover => hover.contents.map(c => (typeof c === 'string' ? c : c.value))).join('\n')
}

export const reading: readonly SceneTest[] = [
  {
    name: 'a hover over a key names its tensors, layers folded',
    async run() {
      await findingsAppear(python())
      await vscode.window.showTextDocument(python())
      const one = await hoverText('"model.norm.weight"')
      assert.match(one, /\*\*1 tensor\*\* of `llama-split`/)
      assert.match(one, /`rank_1\/model\.safetensors`/)
      assert.match(one, /command:tensorlint\.revealTensor/)
      assert.match(await hoverText('f"{prefix}.input_layernorm'), /`model\.layers\.0-3\.input_layernorm\.weight` \(4\)/)
    },
  },
  {
    name: 'inlay hints stand behind loads, and go with the setting',
    async run() {
      const document = await vscode.workspace.openTextDocument(python())
      const all = new vscode.Range(0, 0, document.lineCount, 0)
      const hints = async () =>
        (
          await vscode.commands.executeCommand<vscode.InlayHint[]>('vscode.executeInlayHintProvider', document.uri, all)
        ).map(({ label }) => (typeof label === 'string' ? label : label.map(part => part.value).join('')))
      assert((await hints()).some(label => /^u32 \[\d+, \d+\] = 4-bit \[\d+, \d+\] g64/.test(label)))
      const set = (value: boolean | undefined) =>
        vscode.workspace.getConfiguration('tensorlint').update('inlayHints', value, vscode.ConfigurationTarget.Global)
      await set(false)
      await eventually('no hints', async () => ((await hints()).length === 0 ? true : undefined))
      await set(undefined)
      await eventually('hints again', async () => ((await hints()).length > 0 ? true : undefined))
    },
  },
  {
    name: 'a key leads to the line of its tensor in the header, and the line back to who loads it',
    async run() {
      const links = await ask<(vscode.Location | vscode.LocationLink)[]>(
        'vscode.executeDefinitionProvider',
        '"model.norm.weight"',
      )
      const target = links.map(link => ('targetUri' in link ? { uri: link.targetUri, range: link.targetRange } : link))
      const [first, ...others] = target.filter(({ uri }) => uri.scheme === 'tensorlint-header')
      assert(first && others.length === 0, 'one place')
      const page = await vscode.workspace.openTextDocument(first.uri)
      assert.match(page.lineAt(first.range.start.line).text, /^model\.norm\.weight /)
      const back = await vscode.commands.executeCommand<vscode.Location[]>(
        'vscode.executeReferenceProvider',
        page.uri,
        first.range.start,
      )
      const files = new Set(back.map(({ uri }) => uri.path.split('/').at(-1)))
      assert.deepEqual([...files].sort(), ['loader.py', 'loader.ts'])
    },
  },
  {
    name: 'Show in Tree unfolds the tree to the tensor, and Who Loads This? comes back',
    async run() {
      const { uri, position } = await placeOf('"model.norm.weight"')
      await vscode.window.showTextDocument(uri, { selection: new vscode.Range(position, position) })
      const row = await vscode.commands.executeCommand<TreeNode | undefined>('tensorlint.revealTensor')
      assert.equal(row?.name, 'model.norm.weight')
      const places = await vscode.commands.executeCommand<readonly vscode.Location[]>('tensorlint.whoLoads', row)
      assert(
        places.some(place => place.uri.path.endsWith('loader.py') && place.range.contains(position)),
        'the key is among the places',
      )
      await vscode.commands.executeCommand('closeReferenceSearch')
    },
  },
  {
    name: 'names of the checkpoint are offered inside a key',
    async run() {
      const list = await ask<vscode.CompletionList>(
        'vscode.executeCompletionItemProvider',
        '"model.norm.weight"',
        '"model.'.length,
      )
      const labels = list.items.map(({ label }) => (typeof label === 'string' ? label : label.label))
      assert(labels.includes('layers.0-3.self_attn.q_proj.weight'), labels.slice(0, 20).join(', '))
    },
  },
  {
    name: 'lenses count loads, and the list of loads says what was understood',
    async run() {
      const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', python())
      const titles = lenses.map(({ command }) => command?.title ?? '')
      assert(
        titles.some(title => /^\d+ loads/.test(title)),
        titles.join(' | '),
      )
      const loads = await vscode.commands.executeCommand<FileLoads | undefined>(
        'tensorlint.showLoads',
        python().toString(),
      )
      assert(loads && loads.loads > 10)
      assert.deepEqual(loads.models, ['llama-split'])
      await vscode.commands.executeCommand('workbench.action.closeQuickOpen')
    },
  },
]
