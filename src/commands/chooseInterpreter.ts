// "Choose Python Interpreter": sets `tensorlint.python`, the interpreter whose MLX verifies modules.
import * as vscode from 'vscode'
import type { Ctx } from '../context'
import { read, write } from '../settings'

interface Choice extends vscode.QuickPickItem {
  /** What the setting becomes; undefined: ask with a file dialog. */
  readonly value?: string
}

/** Writes the given path, else the one that the user picks. Returns the setting's new value, undefined if cancelled. */
export async function chooseInterpreter(ctx: Ctx, given?: unknown): Promise<string | undefined> {
  const chosen = typeof given === 'string' ? given : await pick(ctx)
  if (chosen === undefined) return undefined
  await write('python', chosen || undefined)
  return chosen
}

async function pick(ctx: Ctx): Promise<string | undefined> {
  await ctx.interpreter.refresh()
  const automatic = ctx.interpreter.path || 'python3'
  const current = read('python', '')
  const choices: Choice[] = [
    { label: '$(folder-opened) Find…', detail: 'Browse for a Python executable' },
    { label: '$(symbol-event) Automatic', description: automatic, detail: automaticDetail(ctx), value: '' },
    ...(await environmentsInFolders()).map(path => ({ label: '$(symbol-namespace) ' + path, value: path })),
  ].map(choice => ('value' in choice && choice.value === current ? { ...choice, picked: true } : choice))
  const choice = await vscode.window.showQuickPick<Choice>(choices, {
    title: 'Python interpreter whose MLX verifies modules',
    placeHolder: `Now: ${current || automatic}`,
  })
  if (!choice) return undefined
  if (choice.value !== undefined) return choice.value
  const [file] = (await vscode.window.showOpenDialog({ title: 'Python Interpreter', openLabel: 'Choose' })) ?? []
  return file?.fsPath
}

function automaticDetail(ctx: Ctx): string {
  return ctx.interpreter.path ? 'What the Python extension has selected' : 'The python3 on the PATH'
}

/** Interpreters of virtual environments at the usual places in the workspace's folders. */
async function environmentsInFolders(): Promise<string[]> {
  const executable = process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']
  const candidates = (vscode.workspace.workspaceFolders ?? []).flatMap(folder =>
    ['.venv', 'venv', 'env'].map(name => vscode.Uri.joinPath(folder.uri, name, ...executable)),
  )
  const present = await Promise.all(
    candidates.map(async uri => {
      try {
        await vscode.workspace.fs.stat(uri)
        return [uri.fsPath]
      } catch {
        return []
      }
    }),
  )
  return present.flat()
}
