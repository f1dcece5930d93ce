// The status bar item: how many models and findings there are, or what is missing and what to do about it.
// It asks the server for the counts after each change, hides itself where there is nothing to say, and keeps the last
// answer for the view's badge.
import * as vscode from 'vscode'
import { messages, type ServerStatus } from '../server/protocol'
import type { Server } from './client'
import { counted } from './words'

export class StatusItem implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('tensorlint.status', vscode.StatusBarAlignment.Left, 0)
  private readonly changed = new vscode.EventEmitter<ServerStatus>()
  private readonly subscriptions: vscode.Disposable
  private timer: NodeJS.Timeout | undefined

  /** Fires with the counts each time they have been asked for. */
  readonly onDidChange = this.changed.event

  constructor(
    private readonly server: Server,
    private readonly output: vscode.LogOutputChannel,
  ) {
    this.item.name = 'Tensorlint'
    this.item.command = 'tensorlint.showStatus'
    this.subscriptions = vscode.Disposable.from(
      this.item,
      this.changed,
      server.onDidChangeState(() => this.refreshSoon()),
      server.onDidChangeModels(() => this.refreshSoon()),
    )
  }

  /** Asks the server now. Undefined when it does not answer. */
  async refresh(): Promise<ServerStatus | undefined> {
    if (this.server.state !== 'running') {
      this.drawWithoutServer()
      return undefined
    }
    try {
      const status = await this.server.request<ServerStatus>(messages.status, undefined)
      this.draw(status)
      this.changed.fire(status)
      return status
    } catch (error) {
      this.output.error(`The server gave no status: ${String(error)}`)
      return undefined
    }
  }

  dispose(): void {
    clearTimeout(this.timer)
    this.subscriptions.dispose()
  }

  private refreshSoon(): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => void this.refresh(), 150)
  }

  private drawWithoutServer(): void {
    const starting = this.server.state === 'starting'
    this.item.text = starting ? '$(sync~spin) Tensorlint' : '$(error) Tensorlint'
    this.item.tooltip = starting ? 'Looking for models' : 'The Tensorlint server is not running. Click to restart it.'
    this.item.backgroundColor = undefined
    this.item.show()
  }

  private draw(status: ServerStatus): void {
    const counts = `${counted(status.models, 'model')}, ${counted(status.findings, 'finding')}`
    this.item.text = `${status.notice ? '$(warning)' : '$(symbol-array)'} Tensorlint: ${counts}`
    this.item.tooltip = status.notice ? `${status.notice.reason}\n${status.notice.remedy}` : statusText(status)
    this.item.backgroundColor = status.notice ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined
    // A workspace without models is not our business; the view's welcome text says how to add one.
    if (status.models > 0 || status.findings > 0) this.item.show()
    else this.item.hide()
  }
}

/** The counts as one sentence for people. */
export function statusText(status: ServerStatus): string {
  const loads = counted(status.loadsUnderstood + status.loadsUnknown, 'load')
  return (
    `${counted(status.models, 'model')} with ${counted(status.tensors, 'tensor')}, ` +
    `${loads} in sources (${status.loadsUnderstood} understood), ${counted(status.findings, 'finding')}`
  )
}
