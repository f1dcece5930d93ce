// The way of a user through the sample as generated: findings in three files, fixes, verification with real MLX, and a
// worker that is not there. Each test goes on from where the one before it stopped.
import assert from 'node:assert/strict'
import * as vscode from 'vscode'
import type { SceneTest } from '../suite'
import {
  apply,
  eventually,
  fileUri,
  findings,
  findingsAppear,
  findingsGo,
  modulesThat,
  quickFixes,
  verify,
} from './support'

const python = () => fileUri('loader.py')
const typescript = () => fileUri('loader.ts')
const config = () => fileUri('config.json')
const sources = [python, typescript]

export const sample: readonly SceneTest[] = [
  {
    name: 'findings appear in loader.py, loader.ts and config.json though none is open',
    async run() {
      const open = vscode.workspace.textDocuments.filter(({ uri }) => vscode.workspace.getWorkspaceFolder(uri))
      assert.deepEqual(
        open.map(({ uri }) => uri.path),
        [],
      )
      for (const uri of [...sources, config].map(file => file())) {
        const found = await findingsAppear(uri)
        assert(
          found.some(({ severity }) => severity === vscode.DiagnosticSeverity.Error),
          `${uri.path} has an error`,
        )
        for (const { message, relatedInformation } of found) {
          assert(relatedInformation && relatedInformation.length > 0, `"${message}" leads to its evidence`)
        }
      }
    },
  },
  {
    name: 'the finding in config.json sits on the value of group_size',
    async run() {
      const document = await vscode.workspace.openTextDocument(config())
      const texts = (await findingsAppear(config())).map(({ range }) => document.getText(range))
      const quantization = (JSON.parse(document.getText()) as { quantization: { group_size: number } }).quantization
      assert(texts.includes(String(quantization.group_size)), `found at ${texts.join(' and ')}`)
    },
  },
  {
    name: 'a diagnostic links to the page of its rule, and Explain Rule shows it rendered',
    async run() {
      const [{ code } = { code: undefined }] = await findingsAppear(python())
      assert(typeof code === 'object', 'the code is a link')
      assert.equal(code.target.scheme, 'tensorlint-rule')
      const page = await vscode.workspace.openTextDocument(code.target)
      assert.equal(page.languageId, 'markdown')
      assert.match(page.getText(), new RegExp(`^# ${code.value}\n`))
      await vscode.commands.executeCommand('tensorlint.explainRule', code.value)
      const preview = await eventually('a rendered page', () => {
        const tab = vscode.window.tabGroups.activeTabGroup.activeTab
        return tab?.input instanceof vscode.TabInputWebview ? tab : undefined
      })
      assert(preview.label.includes(String(code.value)), preview.label)
      await vscode.window.tabGroups.close(preview)
    },
  },
  {
    name: 'the severity setting changes a squiggle and switches it off',
    async run() {
      const ruleOf = ({ code }: vscode.Diagnostic) => (typeof code === 'object' ? String(code.value) : '')
      const rule = ruleOf((await findingsAppear(config()))[0] as vscode.Diagnostic)
      const set = (severity: string | undefined) =>
        vscode.workspace
          .getConfiguration('tensorlint')
          .update('severity', severity && { [rule]: severity }, vscode.ConfigurationTarget.Global)
      const shown = (wanted: readonly vscode.DiagnosticSeverity[]) =>
        eventually(`severities ${wanted.join()} of ${rule}`, () => {
          const found = vscode.languages.getDiagnostics(config()).filter(each => ruleOf(each) === rule)
          return [...new Set(found.map(({ severity }) => severity))].join() === wanted.join() ? true : undefined
        })
      await set('hint')
      await shown([vscode.DiagnosticSeverity.Hint])
      await set('off')
      await shown([])
      await set(undefined)
      await shown([vscode.DiagnosticSeverity.Error])
    },
  },
  {
    name: 'before the fix MLX rejects the transposed triples in its own words and takes them after it',
    async run() {
      const report = await verify('mlx')
      assert.equal(report.engine, 'mlx')
      assert.match(report.mlxVersion ?? '', /^\d+\.\d+/, report.notice?.reason)
      const failing = report.modules.filter(({ status }) => status === 'error')
      assert(failing.length > 0, 'modules fail as delivered')
      assert(
        failing.some(({ error }) => error?.includes('does not match the matrix')),
        String(failing[0]?.error),
      )
      for (const { module, afterFix } of failing) assert.equal(afterFix?.status, 'ok', `${module} after the fix`)
    },
  },
  {
    name: 'a code lens at a loading site offers to verify its modules',
    async run() {
      await vscode.workspace.openTextDocument(python())
      const command = 'vscode.executeCodeLensProvider'
      const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(command, python(), 50)
      assert(
        lenses.some(lens => lens.command?.command === 'tensorlint.verify'),
        `${lenses.length} lenses, none of ours`,
      )
    },
  },
  {
    name: 'the light bulb repairs config.json, and its squiggle goes',
    async run() {
      const [at] = await findingsAppear(config())
      assert(at)
      const actions = await quickFixes(config(), at)
      // The single fix, not the ones for the whole file or workspace: those are the next test's.
      const fix = actions.find(({ title }) => !title.startsWith('Fix all'))
      assert(fix, `offered: ${actions.map(({ title }) => title).join('; ')}`)
      await apply(fix)
      await findingsGo(config())
      assert(findings(python()).length > 0, 'the other fault is still found')
    },
  },
  {
    name: 'the light bulb repairs every loading site of the workspace, and all squiggles go',
    async run() {
      for (const uri of sources.map(file => file())) assert(findings(uri).length > 0, `${uri.path} needs repair`)
      for (const uri of sources.map(file => file())) {
        // One action may have repaired both files at once.
        if (findings(uri).length === 0) continue
        const [at] = findings(uri)
        assert(at)
        const actions = await quickFixes(uri, at)
        const everywhere = actions.find(({ title }) => title.startsWith('Fix all in this workspace'))
        const fix = everywhere ?? actions.find(({ title }) => title.startsWith('Fix all in this file')) ?? actions[0]
        assert(fix, `a fix is offered in ${uri.path}`)
        await apply(fix)
        await findingsGo(uri)
      }
      for (const uri of [...sources, config].map(file => file())) await findingsGo(uri)
    },
  },
  {
    name: 'after the fixes, and before saving, every module passes under MLX',
    async run() {
      assert(
        vscode.workspace.textDocuments.some(({ isDirty }) => isDirty),
        'the repairs are not saved yet',
      )
      const report = await verify('mlx')
      assert(report.modules.length > 20, `${report.modules.length} modules`)
      assert.deepEqual([...modulesThat(report, 'error'), ...modulesThat(report, 'skipped')], [])
    },
  },
  {
    name: 'what was fixed stays fixed once it is saved',
    async run() {
      assert(await vscode.workspace.saveAll(), 'everything is saved')
      for (const uri of [...sources, config].map(file => file())) await findingsGo(uri)
      assert.deepEqual(modulesThat(await verify('mlx'), 'error'), [])
    },
  },
  {
    name: 'an interpreter that is not there is explained, and the built-in dequantizer does the job',
    async run() {
      const settings = vscode.workspace.getConfiguration('tensorlint')
      const before = settings.inspect<string>('python')?.workspaceValue
      await settings.update('python', '/nowhere/bin/python', vscode.ConfigurationTarget.Workspace)
      try {
        const report = await verify()
        assert.equal(report.engine, 'builtin')
        assert.match(report.notice?.reason ?? '', /\/nowhere\/bin\/python/)
        assert(report.notice?.remedy, 'the report says what to do')
        assert(report.modules.length > 20)
        assert.deepEqual(modulesThat(report, 'error'), [])
      } finally {
        await settings.update('python', before, vscode.ConfigurationTarget.Workspace)
      }
    },
  },
]
