// Every command that the extension contributes: no `vscode` here, so that a test can compare the list with package.json.
export const commandIds = [
  'tensorlint.verify',
  'tensorlint.writeAnalysis',
  'tensorlint.explainError',
  'tensorlint.fixAll',
  'tensorlint.refresh',
  'tensorlint.groupByShard',
  'tensorlint.groupByModule',
  'tensorlint.filterTensors',
  'tensorlint.clearFilter',
  'tensorlint.addModel',
  'tensorlint.openHeader',
  'tensorlint.revealTensor',
  'tensorlint.whoLoads',
  'tensorlint.showLoads',
  'tensorlint.copyName',
  'tensorlint.revealFile',
  'tensorlint.explainRule',
  'tensorlint.chooseInterpreter',
  'tensorlint.openSettings',
  'tensorlint.showStatus',
  'tensorlint.showOutput',
  'tensorlint.restartServer',
  'tensorlint.copyDebugInformation',
] as const

export type CommandId = (typeof commandIds)[number]
