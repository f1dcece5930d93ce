// The table of commands. A handler gets the context and whatever VS Code passes along, which may come from a menu, a
// code lens, a link or another extension, so each one checks it. Larger handlers have a file of their own in commands/.
import * as vscode from 'vscode'
import { commandIds, type CommandId } from './commandIds'
import { addModel } from './commands/addModel'
import { chooseInterpreter } from './commands/chooseInterpreter'
import { copyDebugInformation } from './commands/copyDebugInformation'
import { explainRule } from './commands/explainRule'
import { copyName, revealFile } from './commands/rows'
import { explainError } from './commands/explainError'
import { fixAll } from './commands/fixAll'
import { filterTensors } from './commands/filterTensors'
import { openHeader } from './commands/openHeader'
import { revealTensor } from './commands/revealTensor'
import { showLoads } from './commands/showLoads'
import { showStatus } from './commands/showStatus'
import { verify } from './commands/verify'
import { whoLoads } from './commands/whoLoads'
import { writeAnalysis } from './commands/writeAnalysis'
import type { Ctx } from './context'

type Handler = (ctx: Ctx, ...args: unknown[]) => unknown

const commands: Readonly<Record<CommandId, Handler>> = {
  'tensorlint.verify': verify,
  'tensorlint.writeAnalysis': writeAnalysis,
  'tensorlint.explainError': explainError,
  'tensorlint.fixAll': fixAll,
  'tensorlint.refresh': ctx => {
    ctx.tree.refresh()
    return ctx.status.refresh()
  },
  'tensorlint.groupByShard': ctx => ctx.tree.setGrouping('shard'),
  'tensorlint.groupByModule': ctx => ctx.tree.setGrouping('module'),
  'tensorlint.filterTensors': filterTensors,
  'tensorlint.clearFilter': ctx => ctx.tree.setFilter(''),
  'tensorlint.addModel': addModel,
  'tensorlint.openHeader': openHeader,
  'tensorlint.revealTensor': revealTensor,
  'tensorlint.whoLoads': whoLoads,
  'tensorlint.showLoads': showLoads,
  'tensorlint.copyName': copyName,
  'tensorlint.revealFile': revealFile,
  'tensorlint.explainRule': explainRule,
  'tensorlint.chooseInterpreter': chooseInterpreter,
  'tensorlint.openSettings': ctx =>
    vscode.commands.executeCommand('workbench.action.openSettings', `@ext:${ctx.extension.extension.id}`),
  'tensorlint.showStatus': showStatus,
  'tensorlint.showOutput': ctx => ctx.output.show(true),
  'tensorlint.restartServer': ctx => ctx.server.restart(),
  'tensorlint.copyDebugInformation': copyDebugInformation,
}

/** Feature: registers the table. */
export function registerCommands(ctx: Ctx): vscode.Disposable {
  return vscode.Disposable.from(
    ...commandIds.map(id => vscode.commands.registerCommand(id, (...args: unknown[]) => commands[id](ctx, ...args))),
  )
}
