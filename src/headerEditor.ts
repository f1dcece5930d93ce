// What a click on a `.safetensors` file in the Explorer opens: its header in a read-only page without scripts, instead
// of "the file is not displayed because it is binary". The page is redrawn when the server says that models changed.
import * as vscode from 'vscode'
import type { Ctx } from './context'
import { headerPage } from './headerPage'

/** As in package.json. */
const viewType = 'tensorlint.header'

/** Feature: registers the editor. */
export function registerHeaderEditor(ctx: Ctx): vscode.Disposable {
  const provider: vscode.CustomReadonlyEditorProvider = {
    openCustomDocument: uri => ({ uri, dispose: () => undefined }),
    resolveCustomEditor: async ({ uri }, { webview, onDidDispose }) => {
      webview.options = { enableScripts: false, enableCommandUris: ['tensorlint.openHeader'], localResourceRoots: [] }
      let open = true
      const draw = async () => {
        const page = headerPage(await headerText(ctx, uri.fsPath))
        if (open) webview.html = page
      }
      const listening = ctx.server.onDidChangeModels(() => void draw())
      onDidDispose(() => {
        open = false
        listening.dispose()
      })
      await draw()
    },
  }
  return vscode.window.registerCustomEditorProvider(viewType, provider, { supportsMultipleEditorsPerDocument: true })
}

async function headerText(ctx: Ctx, path: string): Promise<string> {
  try {
    return (await ctx.headers.read({ path })).text
  } catch (error) {
    ctx.output.error(`The header of ${path} could not be shown: ${String(error)}`)
    return 'The header cannot be shown, because the Tensorlint server does not answer. See the output channel "Tensorlint".'
  }
}
