// "Explain Error…": takes the text of an error from the selection, the clipboard or a file, opens its explanation, and
// offers to go to the tensors, config values and calls that it speaks of.
import * as vscode from 'vscode'
import { messages, type Because, type Explanation } from '../../server/protocol'
import type { Ctx } from '../context'
import { headerUri } from '../headerDocuments'
import { openMarkdown } from './writeAnalysis'

/** Longer texts are cut at the front: an error ends its traceback. */
const maxText = 256 * 1024

/** Takes a text, or asks where it is. Returns the editor with the explanation; undefined when the user chose nothing. */
export async function explainError(ctx: Ctx, given?: unknown): Promise<vscode.TextEditor | undefined> {
  const text = typeof given === 'string' ? given : await pickText()
  if (text === undefined) return undefined
  const { markdown, places } = await ctx.server.request<Explanation>(messages.explain, { error: text.slice(-maxText) })
  const editor = await openMarkdown(markdown)
  if (places.length > 0) void offerPlaces(ctx, places)
  return editor
}

async function pickText(): Promise<string | undefined> {
  const editor = vscode.window.activeTextEditor
  const selection = editor ? editor.document.getText(editor.selection) : ''
  const clipboard = await vscode.env.clipboard.readText()
  const detail = (text: string) => text.trim().split('\n').at(-1)?.slice(0, 120)
  const choices = [
    ...(selection.trim() ? [{ label: 'The selection', detail: detail(selection), text: selection }] : []),
    ...(clipboard.trim() ? [{ label: 'The clipboard', detail: detail(clipboard), text: clipboard }] : []),
    { label: 'A file…', detail: 'a log with the traceback', text: undefined },
  ]
  const choice = await vscode.window.showQuickPick(choices, {
    title: 'Explain Error',
    placeHolder: 'Where is the text of the error?',
  })
  if (!choice) return undefined
  return choice.text ?? readFile()
}

async function readFile(): Promise<string | undefined> {
  const [uri] = (await vscode.window.showOpenDialog({ title: 'Explain Error', openLabel: 'Explain' })) ?? []
  if (!uri) return undefined
  const bytes = await vscode.workspace.fs.readFile(uri)
  return new TextDecoder().decode(bytes.subarray(-maxText))
}

async function offerPlaces(ctx: Ctx, places: readonly Because[]): Promise<void> {
  const show = 'Go to…'
  if ((await vscode.window.showInformationMessage('The error is explained.', show)) !== show) return
  const choice = await vscode.window.showQuickPick(
    places.map(place => ({
      label: place.message,
      description: `${vscode.workspace.asRelativePath(place.path)}${place.tensor === undefined ? `:${place.range.start.line + 1}` : ''}`,
      place,
    })),
    { title: 'Explain Error', placeHolder: 'Go to a tensor, a config value or a call', matchOnDescription: true },
  )
  if (choice) await goTo(ctx, choice.place)
}

async function goTo(ctx: Ctx, { path, range, tensor }: Because): Promise<void> {
  if (path.endsWith('.safetensors') || tensor !== undefined) {
    await ctx.headers.show(headerUri(path, tensor))
    return
  }
  const { start, end } = range
  const selection = new vscode.Range(start.line, start.character, end.line, end.character)
  await vscode.window.showTextDocument(vscode.Uri.file(path), { selection })
}
