// The settings of ours that the client reads, without the leading `tensorlint.`: no `vscode` here, so that a test can
// compare them with package.json. `trace.server` is read by vscode-languageclient itself.
export const settingIds = ['python', 'models', 'severity', 'checkpoints', 'inlayHints', 'trace.server'] as const
export type SettingId = (typeof settingIds)[number]
