// "Copy Debug Information": what a bug report needs, on the clipboard. Nothing is sent anywhere.
import { homedir } from 'node:os'
import * as vscode from 'vscode'
import type { ServerStatus } from '../../server/protocol'
import type { Ctx } from '../context'
import { readSettings } from '../settings'

/** Copies and returns the text. Paths below the home directory are shown with `~`. */
export async function copyDebugInformation(ctx: Ctx): Promise<string> {
  const status: ServerStatus | undefined = await ctx.status.refresh()
  const manifest = ctx.extension.extension.packageJSON as { version: string }
  const information = {
    tensorlint: manifest.version,
    vscode: `${vscode.version} (${vscode.env.appName})`,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    remote: vscode.env.remoteName ?? null,
    server: ctx.server.state,
    settings: readSettings(ctx.interpreter.path),
    status: status ?? null,
  }
  const text = JSON.stringify(information, null, 2).replaceAll(JSON.stringify(homedir()).slice(1, -1), '~')
  await vscode.env.clipboard.writeText(text)
  vscode.window.setStatusBarMessage('$(check) Debug information copied', 3000)
  return text
}
