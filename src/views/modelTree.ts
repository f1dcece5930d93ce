// The sidebar tree. Rows are computed by the server and drawn as they come; this file keeps only what the user chose
// here (grouping, filter). Row ids are stable, so expansions survive a refresh.
import * as vscode from 'vscode'
import {
  messages,
  type RevealParams,
  type RowsToParams,
  type ServerStatus,
  type Severity,
  type TreeGrouping,
  type TreeNode,
} from '../../server/protocol'
import type { Server } from '../client'
import { counted } from '../words'
import { rowUri } from './rowDecorations'

const groupingKey = 'tensorlint.grouping'

/** Rows above the tensors, which a filter unfolds so that its hits are seen. */
const containers = new Set(['model', 'folder', 'rank', 'shard'])

export class ModelTree implements vscode.TreeDataProvider<TreeNode>, vscode.Disposable {
  private grouping: TreeGrouping
  private filterText = ''
  private onlyModel: string | undefined
  /** The row above each row that was shown, by id: VS Code asks for it when a row is revealed. */
  private readonly parents = new Map<string, TreeNode>()
  private readonly changed = new vscode.EventEmitter<void>()
  private readonly subscriptions: vscode.Disposable

  readonly onDidChangeTreeData = this.changed.event
  readonly view: vscode.TreeView<TreeNode>

  constructor(
    private readonly server: Server,
    private readonly output: vscode.LogOutputChannel,
    private readonly memory: vscode.Memento,
  ) {
    this.grouping = memory.get<string>(groupingKey) === 'module' ? 'module' : 'shard'
    this.view = vscode.window.createTreeView('tensorlint.models', {
      treeDataProvider: this,
      canSelectMany: true,
      showCollapseAll: true,
    })
    this.subscriptions = vscode.Disposable.from(
      this.view,
      this.changed,
      server.onDidChangeModels(() => this.refresh()),
      server.onDidChangeState(() => this.refresh()),
    )
    this.announce()
  }

  get filter(): string {
    return this.filterText
  }

  refresh(): void {
    this.parents.clear()
    this.changed.fire()
  }

  setGrouping(grouping: TreeGrouping): void {
    this.grouping = grouping
    void this.memory.update(groupingKey, grouping)
    this.announce()
  }

  /** Shows only rows that the text concerns; empty: all. */
  setFilter(text: string): void {
    if (text.trim() === this.filterText) return
    this.filterText = text.trim()
    this.announce()
  }

  /** The number on the activity bar. */
  showBadge({ findings }: ServerStatus): void {
    this.view.badge = findings > 0 ? { value: findings, tooltip: counted(findings, 'finding') } : undefined
  }

  async getChildren(parent?: TreeNode): Promise<TreeNode[]> {
    // Without a server the welcome text of that state is shown.
    if (this.server.state === 'stopped') return []
    try {
      const params = { parent: parent?.id, grouping: this.grouping, filter: this.filterText }
      const rows = await this.server.request<TreeNode[]>(messages.tree, params)
      if (!parent) this.onlyModel = rows.length === 1 ? rows[0]?.id : undefined
      else for (const row of rows) this.parents.set(row.id, parent)
      return rows
    } catch (error) {
      this.output.error(`The tree could not be read: ${String(error)}`)
      return []
    }
  }

  getParent(node: TreeNode): TreeNode | undefined {
    return this.parents.get(node.id)
  }

  /** Unfolds the tree to a tensor and selects it; the nearest row above where it is gone. Undefined: there is none. */
  async reveal(target: RevealParams): Promise<TreeNode | undefined> {
    // A filter may hide the row.
    this.setFilter('')
    const params: RowsToParams = { ...target, grouping: this.grouping }
    const rows = await this.server.request<TreeNode[]>(messages.rowsTo, params)
    rows.forEach((row, i) => {
      const parent = rows[i - 1]
      if (parent) this.parents.set(row.id, parent)
    })
    const row = rows.at(-1)
    if (row) await this.view.reveal(row, { select: true, focus: true })
    return row
  }

  getTreeItem(node: TreeNode): vscode.TreeItem {
    const item = new vscode.TreeItem(node.label, this.collapsibleState(node))
    // A filtered row is another row to VS Code: it unfolds, and the expansions made without a filter are kept.
    item.id = [this.grouping, this.filterText, node.id].join('\u0000')
    item.description = node.description
    // Without a tooltip VS Code would show the row's made-up URI.
    item.tooltip = node.tooltip ?? node.label
    item.iconPath = new vscode.ThemeIcon(node.icon, severityColour(node.severity))
    item.contextValue = node.kind
    item.resourceUri = rowUri(node)
    item.accessibilityInformation = {
      label: [node.label, node.description, node.severity].filter(Boolean).join(', '),
    }
    if (node.kind === 'tensor' && node.path !== undefined && !node.hasChildren) {
      item.command = { command: 'tensorlint.openHeader', title: 'Open Header', arguments: [node] }
    }
    return item
  }

  dispose(): void {
    this.subscriptions.dispose()
  }

  private collapsibleState(node: TreeNode): vscode.TreeItemCollapsibleState {
    if (!node.hasChildren) return vscode.TreeItemCollapsibleState.None
    const unfold = node.id === this.onlyModel || (this.filterText !== '' && containers.has(node.kind))
    return unfold ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.Collapsed
  }

  private announce(): void {
    void vscode.commands.executeCommand('setContext', groupingKey, this.grouping)
    void vscode.commands.executeCommand('setContext', 'tensorlint.filtered', this.filterText !== '')
    this.view.description = `by ${this.grouping}`
    this.view.message = this.filterText === '' ? undefined : `Only names with “${this.filterText}”`
    this.refresh()
  }
}

function severityColour(severity: Severity | undefined): vscode.ThemeColor | undefined {
  if (severity === 'error') return new vscode.ThemeColor('list.errorForeground')
  return severity === 'warning' ? new vscode.ThemeColor('list.warningForeground') : undefined
}
