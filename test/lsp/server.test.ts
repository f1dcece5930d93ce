import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { CodeAction, CodeLens, Diagnostic, PublishDiagnosticsParams, WorkspaceEdit } from 'vscode-languageserver'
import {
  messages,
  type Explanation,
  type FixAll,
  type HeaderText,
  type ServerStatus,
  type TreeNode,
  type VerifyReport,
} from '../../server/protocol'
import { loadGrammars } from '../../server/source/grammars'
import { applyEdits } from '../../server/util/applyEdits'
import { readGrammar } from '../../server/workspace/grammarFiles'
import { fakeAnalysis, fakeWorld, skippedReport } from '../support/fakeWorld'
import { lspClient, type LspClient } from '../support/lspClient'
import { tempFolder, triple, writeFiles, zeros } from '../support/tempFolder'

beforeAll(() => loadGrammars(readGrammar))

const broken = 'import mlx\nx = "BROKEN"\n'

const workspace = () =>
  tempFolder({
    'm/model.safetensors': zeros({ ...triple('proj', 128, 256), 'norm.weight': ['F16', 256] }),
    'loader.py': broken,
    'other.py': 'import mlx\n"BROKEN", "SITE"\n"BROKEN"\n',
    'clean.py': 'import mlx\n',
  })

const uri = (...parts: string[]) => `file://${join(...parts)}`

const published = async ({ diagnostics }: LspClient, at: string, count: number): Promise<PublishDiagnosticsParams> => {
  await expect.poll(() => diagnostics.get(at)?.diagnostics.length).toBe(count)
  return diagnostics.get(at) as PublishDiagnosticsParams
}

const open = (client: LspClient, at: string, text: string, languageId = 'python') =>
  client.notify('textDocument/didOpen', { textDocument: { uri: at, languageId, version: 1, text } })

describe('a client that says nothing of itself', () => {
  test('gets diagnostics for files that it has not opened', async () => {
    const folder = workspace()
    const client = await lspClient(fakeWorld(), { folders: [folder] })
    expect(client.initialized.serverInfo).toEqual({ name: 'Tensorlint', version: '0.0.1-test' })
    const { diagnostics } = await published(client, uri(folder, 'loader.py'), 1)
    expect(diagnostics[0]).toMatchObject({
      range: { start: { line: 1, character: 5 }, end: { line: 1, character: 11 } },
      severity: 1,
      code: 'broken-word',
      source: 'tensorlint',
      message: 'the word is BROKEN, expected WHOLE',
      relatedInformation: [
        {
          location: { uri: uri(folder, 'm/model.safetensors'), range: { start: { line: 0, character: 0 } } },
          message: 'proj.weight is stored so',
        },
      ],
    })
    expect(diagnostics[0]?.codeDescription).toBeUndefined()
    await published(client, uri(folder, 'other.py'), 2)
    expect(client.diagnostics.has(uri(folder, 'clean.py'))).toBe(false)
  })

  test('gets new diagnostics after every change, and none when the fault is gone', async () => {
    const folder = workspace()
    const client = await lspClient(fakeWorld(), { folders: [folder] })
    const at = uri(folder, 'loader.py')
    await published(client, at, 1)
    await open(client, at, broken)
    const range = { start: { line: 1, character: 5 }, end: { line: 1, character: 11 } }
    await client.notify('textDocument/didChange', {
      textDocument: { uri: at, version: 2 },
      contentChanges: [{ range, text: 'WHOLE' }],
    })
    expect((await published(client, at, 0)).diagnostics).toEqual([])
    await client.notify('textDocument/didChange', {
      textDocument: { uri: at, version: 3 },
      contentChanges: [{ text: 'import mlx\nBROKEN\nBROKEN' }],
    })
    expect((await published(client, at, 2)).version).toBe(3)
    await client.notify('textDocument/didClose', { textDocument: { uri: at } })
    await published(client, at, 1)
  })

  test('gets code actions, lenses, tree, header and status', async () => {
    const folder = workspace()
    const client = await lspClient(fakeWorld(), { folders: [folder] })
    const at = uri(folder, 'loader.py')
    const { diagnostics } = await published(client, at, 1)
    const actions = await client.request<CodeAction[]>('textDocument/codeAction', {
      textDocument: { uri: at },
      range: diagnostics[0]?.range,
      context: { diagnostics },
    })
    expect(actions.map(({ title, kind, isPreferred }) => [title, kind, isPreferred])).toEqual([
      ['Mend the word', 'quickfix', true],
      ['Drop the word (needs a look)', 'quickfix', false],
      ['Fix all in this workspace: 3 safe fixes', 'quickfix', undefined],
    ])
    expect(textsAfter(folder, actions[0]?.edit)).toEqual({ 'loader.py': 'import mlx\nx = "WHOLE"\n' })
    expect(textsAfter(folder, actions[2]?.edit)).toEqual({
      'loader.py': 'import mlx\nx = "WHOLE"\n',
      'other.py': 'import mlx\n"WHOLE", "SITE"\n"WHOLE"\n',
    })

    const lenses = await client.request<CodeLens[]>('textDocument/codeLens', {
      textDocument: { uri: uri(folder, 'other.py') },
    })
    expect(lenses.map(({ command }) => command)).toEqual([
      {
        title: '2 modules · Verify Dequantize',
        command: 'tensorlint.verify',
        arguments: [{ model: join(folder, 'm'), scope: 'model.layers.0' }],
      },
    ])
    expect(await client.request('textDocument/codeLens', { textDocument: { uri: at } })).toEqual([])

    const rows = await client.request<TreeNode[]>(messages.tree, { grouping: 'shard', filter: '' })
    expect(rows.map(({ label, severity }) => [label, severity])).toEqual([['m', 'error']])
    expect(await client.request<TreeNode[]>(messages.tree, null)).toEqual(rows)

    const header = await client.request<HeaderText>(messages.header, {
      path: join(folder, 'm/model.safetensors'),
      tensor: 'proj.scales',
    })
    expect(header.text.split('\n')[header.line]).toMatch(/^proj\.scales +F16 +\[128, 4\]/)
    const missing = await client.request<HeaderText>(messages.header, { path: '/etc/passwd' })
    expect(missing).toEqual({ text: '/etc/passwd is not a checkpoint of this workspace.\n', line: 0 })

    expect(await client.request<ServerStatus>(messages.status)).toEqual({
      models: 1,
      tensors: 4,
      findings: 3,
      loadsUnderstood: 3,
      loadsUnknown: 0,
      python: '',
    })
  })

  test('fixes a file on request by kind, without the fixes that need a look', async () => {
    const folder = workspace()
    const client = await lspClient(fakeWorld(), { folders: [folder] })
    await published(client, uri(folder, 'other.py'), 2)
    const ask = (only: string[]) =>
      client.request<CodeAction[]>('textDocument/codeAction', {
        textDocument: { uri: uri(folder, 'other.py') },
        range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } },
        context: { diagnostics: [], only },
      })
    const [all, ...others] = await ask(['source.fixAll'])
    expect(others).toEqual([])
    expect(all?.kind).toBe('source.fixAll.tensorlint')
    expect(textsAfter(folder, all?.edit)).toEqual({ 'other.py': 'import mlx\n"WHOLE", "SITE"\n"WHOLE"\n' })
    expect(await ask(['source.organizeImports'])).toEqual([])
    expect(await ask(['refactor'])).toEqual([])
  })

  test('fixes the workspace on request, with what was changed in open documents', async () => {
    const folder = workspace()
    const client = await lspClient(fakeWorld(), { folders: [folder] })
    const { edit, ...counts } = await client.request<FixAll>(messages.fixAll)
    expect(counts).toEqual({ fixes: 3, files: 2 })
    expect(textsAfter(folder, edit as WorkspaceEdit)).toEqual({
      'loader.py': 'import mlx\nx = "WHOLE"\n',
      'other.py': 'import mlx\n"WHOLE", "SITE"\n"WHOLE"\n',
    })
    const clean = await lspClient(fakeWorld(), { folders: [] })
    expect(await clean.request<FixAll>(messages.fixAll)).toMatchObject({ fixes: 0, files: 0 })
  })

  test('hears of every version of what it has open, with a fault in it or none', async () => {
    const folder = tempFolder({ 'clean.py': 'import mlx', 'closed.py': 'import mlx' })
    const client = await lspClient(fakeWorld(), { folders: [folder] })
    const at = uri(folder, 'clean.py')
    const versions: (number | undefined)[] = []
    client.connection.onNotification('textDocument/publishDiagnostics', (params: PublishDiagnosticsParams) => {
      if (params.uri === at) versions.push(params.version)
      client.diagnostics.set(params.uri, params)
    })
    await client.notify('textDocument/didOpen', {
      textDocument: { uri: at, languageId: 'python', version: 1, text: 'import mlx  # one' },
    })
    await expect.poll(() => client.diagnostics.get(at)).toMatchObject({ version: 1, diagnostics: [] })
    for (const [version, text] of [
      [2, 'import mlx  # two'],
      [3, 'import mlx\nBROKEN'],
      [4, 'import mlx  # four'],
    ] as const) {
      await client.notify('textDocument/didChange', { textDocument: { uri: at, version }, contentChanges: [{ text }] })
      await expect.poll(() => client.diagnostics.get(at)?.version).toBe(version)
      expect(client.diagnostics.get(at)?.diagnostics).toHaveLength(version === 3 ? 1 : 0)
    }
    await client.notify('textDocument/didClose', { textDocument: { uri: at } })
    await expect.poll(() => client.diagnostics.get(at)?.version).toBeUndefined()
    expect(versions).toEqual([1, 2, 3, 4, undefined])
    expect(client.diagnostics.has(uri(folder, 'closed.py'))).toBe(false)
  })

  test('may send diagnostics of others, and ours without their data', async () => {
    const folder = workspace()
    const client = await lspClient(fakeWorld(), { folders: [folder] })
    const { diagnostics } = await published(client, uri(folder, 'loader.py'), 1)
    const without = { ...(diagnostics[0] as Diagnostic), data: undefined }
    const strange = { ...(diagnostics[0] as Diagnostic), data: { fixes: 'all' } }
    const foreign = { ...(diagnostics[0] as Diagnostic), source: 'pyright' }
    const actions = await client.request('textDocument/codeAction', {
      textDocument: { uri: uri(folder, 'loader.py') },
      range: without.range,
      context: { diagnostics: [without, strange, foreign] },
    })
    expect(actions).toEqual([])
  })
})

describe('verify', () => {
  test('answers with the report of the modules asked for', async () => {
    const folder = workspace()
    const client = await lspClient(fakeWorld(), { folders: [folder] })
    const all = await client.request<VerifyReport>(messages.verify, {})
    expect(all.modules.map(({ module, status }) => [module, status])).toEqual([['proj', 'skipped']])
    const elsewhere = await client.request<VerifyReport>(messages.verify, { scope: 'pro' })
    expect(elsewhere.modules).toEqual([])
  })

  test('reports progress to the token of the client, and passes its settings on', async () => {
    const folder = workspace()
    const runs: unknown[] = []
    const world = fakeWorld()
    const client = await lspClient(
      fakeWorld({
        verify: (items, run) => {
          runs.push([run.engine, run.python, run.trusted])
          return world.verify(items, run)
        },
      }),
      { folders: [folder], initializationOptions: { python: '/opt/python', trusted: false } },
    )
    const progress: unknown[] = []
    client.connection.onNotification('$/progress', params => progress.push(params))
    await client.request(messages.verify, { engine: 'both', workDoneToken: 'mine' })
    expect(runs).toEqual([['both', '/opt/python', false]])
    await expect
      .poll(() => progress)
      .toMatchObject([
        { token: 'mine', value: { kind: 'begin', title: 'Verify Dequantize', cancellable: true } },
        { token: 'mine', value: { kind: 'report', percentage: 100, message: '1 of 1: proj' } },
        { token: 'mine', value: { kind: 'end' } },
      ])
  })

  test('can be cancelled, and says what was missing in the status afterwards', async () => {
    const folder = workspace()
    const notice = { reason: 'MLX is not there', remedy: 'install it', command: 'pip install mlx' }
    const world = fakeWorld({
      verify: (_items, { token }) =>
        new Promise(resolve => token.onCancellationRequested(() => resolve({ ...skippedReport, notice }))),
    })
    const client = await lspClient(world, { folders: [folder] })
    const { CancellationTokenSource } = await import('vscode-jsonrpc/node')
    const source = new CancellationTokenSource()
    const report = client.connection.sendRequest<VerifyReport>(messages.verify, {}, source.token)
    setTimeout(() => source.cancel(), 50)
    expect((await report).notice).toEqual(notice)
    expect((await client.request<ServerStatus>(messages.status)).notice).toEqual(notice)
  })

  test('is a command of the server for editors without one of their own, and not for ours', async () => {
    const folder = workspace()
    const other = await lspClient(fakeWorld(), { folders: [folder] })
    expect(other.initialized.capabilities.executeCommandProvider).toEqual({ commands: ['tensorlint.verify'] })
    const shown: unknown[] = []
    other.connection.onRequest('window/showMessageRequest', () => null)
    other.connection.onNotification('window/showMessage', params => shown.push(params))
    const report = await other.request<VerifyReport>('workspace/executeCommand', {
      command: 'tensorlint.verify',
      arguments: [{}],
    })
    expect(report.modules).toHaveLength(1)
    const ours = await lspClient(fakeWorld(), { folders: [folder], initializationOptions: { headerDocuments: true } })
    expect(ours.initialized.capabilities.executeCommandProvider).toBeUndefined()
  })
})

describe('a client that can more', () => {
  test('gets links into header documents, at the line of the tensor', async () => {
    const folder = workspace()
    const client = await lspClient(fakeWorld({ rulePage: rule => `/pages/${rule}.md` }), {
      folders: [folder],
      initializationOptions: { headerDocuments: true },
    })
    const [diagnostic] = (await published(client, uri(folder, 'loader.py'), 1)).diagnostics
    const related = diagnostic?.relatedInformation?.[0]?.location
    const path = join(folder, 'm/model.safetensors')
    expect(decodeURIComponent(related?.uri ?? '')).toBe(`tensorlint-header:${path}?tensor=proj.weight`)
    const header = await client.request<HeaderText>(messages.header, { path, tensor: 'proj.weight' })
    expect(related?.range.start.line).toBe(header.line)
    expect(diagnostic?.codeDescription?.href).toBe('tensorlint-rule:/broken-word.md')
  })

  test('gets a finding inside a shard on the header document, never on the binary file', async () => {
    const folder = workspace()
    const path = join(folder, 'm/model.safetensors')
    const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } }
    const finding = {
      rule: 'r',
      severity: 'error',
      path,
      range,
      message: 'm',
      tensors: ['proj.weight'],
      because: [],
      fixes: [],
    } as const
    const world = fakeWorld({
      analyse: snapshot => fakeAnalysis(snapshot, { findings: snapshot.models.length > 0 ? [finding] : [] }),
    })
    const plain = await lspClient(world, { folders: [folder] })
    expect((await published(plain, uri(path), 1)).diagnostics[0]?.range).toEqual(range)
    const ours = await lspClient(world, { folders: [folder], initializationOptions: { headerDocuments: true } })
    const { diagnostics } = await published(ours, `tensorlint-header:${path}`, 1)
    expect(diagnostics[0]?.range.start.line).toBeGreaterThan(0)
    expect(ours.diagnostics.has(uri(path))).toBe(false)
  })

  test('gets edits that name the version of the open document', async () => {
    const folder = workspace()
    const client = await lspClient(fakeWorld(), {
      folders: [folder],
      capabilities: { workspace: { workspaceEdit: { documentChanges: true } } },
    })
    const at = uri(folder, 'loader.py')
    await open(client, at, `${broken}\n`)
    await expect.poll(() => client.diagnostics.get(at)?.version).toBe(1)
    const actions = await client.request<CodeAction[]>('textDocument/codeAction', {
      textDocument: { uri: at },
      range: { start: { line: 1, character: 5 }, end: { line: 1, character: 5 } },
      context: { diagnostics: client.diagnostics.get(at)?.diagnostics },
    })
    const versions = actions.map(({ edit }) =>
      edit?.documentChanges?.map(change => ('textDocument' in change ? change.textDocument.version : undefined)),
    )
    expect(versions).toEqual([[1], [1], [1, null]])
  })

  test('registers watchers, and its events refresh findings and tree', async () => {
    const folder = workspace()
    const registered: { method: string; registerOptions: { watchers: { globPattern: unknown; kind?: number }[] } }[] =
      []
    let treeChanges = 0
    const client = await lspClient(fakeWorld(), {
      folders: [folder],
      capabilities: {
        workspace: { didChangeWatchedFiles: { dynamicRegistration: true, relativePatternSupport: true } },
      },
      initializationOptions: { models: [join(folder, 'm')] },
      prepare: connection => {
        connection.onRequest('client/registerCapability', ({ registrations }: { registrations: typeof registered }) => {
          registered.push(...registrations)
          return null
        })
        connection.onNotification(messages.treeChanged, () => treeChanges++)
      },
    })
    await published(client, uri(folder, 'loader.py'), 1)
    await expect.poll(() => registered.map(({ method }) => method)).toContain('workspace/didChangeWatchedFiles')
    const globs = registered
      .flatMap(({ registerOptions }) => registerOptions.watchers)
      .map(({ globPattern }) => globPattern)
    expect(globs).toContainEqual('**/*')
    expect(globs).toContainEqual({ baseUri: uri(folder, 'm'), pattern: '**/*' })

    // A checkpoint elsewhere that a setting names is watched like one that is added.
    const elsewhere = tempFolder({ 'x.safetensors': zeros({ a: ['F16', 1] }) })
    await client.notify('workspace/didChangeConfiguration', { settings: { checkpoints: { '*.py': elsewhere } } })
    const watched = () => registered.flatMap(({ registerOptions }) => registerOptions.watchers)
    await expect
      .poll(() => watched().map(({ globPattern }) => globPattern))
      .toContainEqual({ baseUri: uri(elsewhere), pattern: '**/*' })
    await client.notify('workspace/didChangeConfiguration', { settings: { checkpoints: {} } })
    await expect.poll(async () => (await client.request<ServerStatus>(messages.status)).models).toBe(1)

    const before = treeChanges
    writeFileSync(join(folder, 'loader.py'), 'import mlx\n')
    await client.notify('workspace/didChangeWatchedFiles', { changes: [{ uri: uri(folder, 'loader.py'), type: 2 }] })
    await published(client, uri(folder, 'loader.py'), 0)
    expect(treeChanges).toBeGreaterThan(before)

    // An editor reports a folder that came or went as one event, without its files.
    writeFiles(folder, { 'new/model.safetensors': zeros({ a: ['F16', 1] }) })
    await client.notify('workspace/didChangeWatchedFiles', { changes: [{ uri: uri(folder, 'new'), type: 1 }] })
    await expect.poll(async () => (await client.request<ServerStatus>(messages.status)).models).toBe(2)
    rmSync(join(folder, 'new'), { recursive: true })
    await client.notify('workspace/didChangeWatchedFiles', { changes: [{ uri: uri(folder, 'new'), type: 3 }] })
    await expect.poll(async () => (await client.request<ServerStatus>(messages.status)).models).toBe(1)
  })

  test('changes settings and folders while it runs', async () => {
    const folder = workspace()
    const second = tempFolder({ 'x.py': 'import mlx # BROKEN' })
    const extra = tempFolder({ 'extra.safetensors': zeros({ a: ['F16', 1] }) })
    const client = await lspClient(fakeWorld(), { folders: [folder] })
    await published(client, uri(folder, 'loader.py'), 1)
    const models = async () => (await client.request<ServerStatus>(messages.status)).models
    await client.notify('workspace/didChangeConfiguration', {
      settings: { tensorlint: { models: [extra], python: 'py' } },
    })
    await expect.poll(models).toBe(2)
    expect((await client.request<ServerStatus>(messages.status)).python).toBe('py')
    await client.notify('workspace/didChangeConfiguration', { settings: { models: 7, exclude: ['**/loader.py'] } })
    await published(client, uri(folder, 'loader.py'), 0)
    expect(await models()).toBe(2)
    await client.notify('workspace/didChangeConfiguration', { settings: null })
    await client.notify('workspace/didChangeWorkspaceFolders', {
      event: { added: [{ uri: uri(second), name: 'b' }], removed: [{ uri: uri(folder), name: 'a' }] },
    })
    await published(client, uri(second, 'x.py'), 1)
    await published(client, uri(folder, 'other.py'), 0)
    expect(await models()).toBe(1)
  })

  test('pulls its settings where the client has them ready', async () => {
    const folder = workspace()
    const client = await lspClient(fakeWorld(), {
      folders: [folder],
      capabilities: { workspace: { configuration: true } },
      prepare: connection => {
        connection.onRequest('workspace/configuration', () => [{ exclude: ['**/loader.py'] }])
      },
    })
    await published(client, uri(folder, 'loader.py'), 1)
    await client.notify('workspace/didChangeConfiguration', { settings: null })
    await published(client, uri(folder, 'loader.py'), 0)
  })
})

describe('what is shown', () => {
  const fixed = fakeWorld({
    analyse: snapshot => {
      const analysis = fakeAnalysis(snapshot)
      return { ...analysis, findings: analysis.findings.map(finding => ({ ...finding, rule: 'sliced-scales' })) }
    },
    rulePage: rule => `/pages/${rule}.md`,
  })

  test('follows the severities of the editor, and those of the project before them', async () => {
    const folder = workspace()
    writeFiles(folder, { '.git/HEAD': '' })
    const client = await lspClient(fixed, {
      folders: [folder],
      initializationOptions: { severity: { 'sliced-scales': 'hint' } },
    })
    const at = uri(folder, 'loader.py')
    const severity = () => client.diagnostics.get(at)?.diagnostics.map(diagnostic => diagnostic.severity)
    await expect.poll(severity).toEqual([4])
    await client.notify('workspace/didChangeConfiguration', {
      settings: { tensorlint: { severity: { 'sliced-scales': 'warning', x: 3 } } },
    })
    await expect.poll(severity).toEqual([2])
    const changed = (name: string) =>
      client.notify('workspace/didChangeWatchedFiles', { changes: [{ uri: uri(folder, name), type: 1 }] })
    writeFiles(folder, { '.tensorlintrc.json': '{"severity":{"sliced-scales":"information"}}' })
    await changed('.tensorlintrc.json')
    await expect.poll(severity).toEqual([3])
    writeFiles(folder, { '.tensorlintrc.json': '{"ignore":[{"files":"loader.py"}],"severities":1}' })
    await changed('.tensorlintrc.json')
    await expect.poll(severity).toEqual([])
    expect(await client.request<ServerStatus>(messages.status)).toMatchObject({ findings: 3, suppressed: 1 })
    const { diagnostics } = await published(client, uri(folder, '.tensorlintrc.json'), 1)
    expect(diagnostics[0]).toMatchObject({ code: 'faulty-settings', severity: 1 })
  })

  test('follows a comment as it is typed', async () => {
    const folder = workspace()
    const client = await lspClient(fixed, { folders: [folder] })
    const at = uri(folder, 'loader.py')
    await published(client, at, 1)
    await open(client, at, 'import mlx\nx = "BROKEN"  # tensorlint: ignore[sliced-scales]\n')
    await published(client, at, 0)
  })

  test('links to the page of the rule: a document of our client, a file for others', async () => {
    const folder = workspace()
    const href = async (initializationOptions: object) => {
      const client = await lspClient(fixed, { folders: [folder], initializationOptions })
      return (await published(client, uri(folder, 'loader.py'), 1)).diagnostics[0]?.codeDescription?.href
    }
    expect(await href({})).toBe('file:///pages/sliced-scales.md')
    expect(await href({ headerDocuments: true })).toBe('tensorlint-rule:/sliced-scales.md')
  })
})

describe('our own bugs', () => {
  test('in one request are logged by its name, and the others go on', async () => {
    const folder = workspace()
    const client = await lspClient(
      fakeWorld({
        analyse: snapshot =>
          fakeAnalysis(snapshot, {
            sites: () => {
              throw new Error('lens bug')
            },
            verify: () => {
              throw new Error('verify bug')
            },
          }),
      }),
      { folders: [folder] },
    )
    const at = uri(folder, 'other.py')
    await published(client, at, 2)
    expect(await client.request('textDocument/codeLens', { textDocument: { uri: at } })).toEqual([])
    await expect
      .poll(() => client.log.find(line => line.includes('lens bug')))
      .toMatch(/^codeLens failed: Error: lens bug/)
    await expect(client.request(messages.verify, {})).rejects.toThrow('verify bug')
    expect(await client.request<TreeNode[]>(messages.tree, { grouping: 'shard', filter: '' })).toHaveLength(1)
  })

  test('in the analysis of one text leave the server alive for the next', async () => {
    const folder = workspace()
    const client = await lspClient(
      fakeWorld({
        analyse: snapshot => {
          if (snapshot.programs.some(({ text }) => text.includes('crash'))) throw new Error('engine bug')
          return fakeAnalysis(snapshot)
        },
      }),
      { folders: [folder] },
    )
    const at = uri(folder, 'loader.py')
    await published(client, at, 1)
    await open(client, at, 'import mlx # crash')
    await expect.poll(() => client.log.some(line => line.includes('engine bug'))).toBe(true)
    await client.notify('textDocument/didChange', {
      textDocument: { uri: at, version: 2 },
      contentChanges: [{ text: 'import mlx\nBROKEN\n"BROKEN"' }],
    })
    await published(client, at, 2)
  })

  test('in a rule are logged by its id', async () => {
    const folder = workspace()
    const world = fakeWorld({
      analyse: snapshot => fakeAnalysis(snapshot, { broken: [{ rule: 'some-rule', error: new Error('rule bug') }] }),
    })
    const client = await lspClient(world, { folders: [folder] })
    await published(client, uri(folder, 'loader.py'), 1)
    await expect
      .poll(() => client.log.find(line => line.includes('rule bug')))
      .toMatch(/^rule some-rule failed: Error: rule bug/)
  })
})

/** Texts of the files that an edit changes, as they are after it. */
function textsAfter(folder: string, edit: WorkspaceEdit | undefined): Record<string, string> {
  const before: Record<string, string> = { 'loader.py': broken, 'other.py': 'import mlx\n"BROKEN", "SITE"\n"BROKEN"\n' }
  return Object.fromEntries(
    Object.entries(edit?.changes ?? {}).map(([at, edits]) => {
      const name = at.slice(uri(folder).length + 1)
      return [name, applyEdits(before[name] ?? '', edits)]
    }),
  )
}

describe('the written analysis', () => {
  test('answers for a finding and for an error text', async () => {
    const folder = workspace()
    const client = await lspClient(fakeWorld(), { folders: [folder] })
    await published(client, uri(folder, 'loader.py'), 1)
    const finding = { rule: 'broken-word', path: join(folder, 'loader.py'), line: 1 }
    const analysis = await client.request<Explanation>(messages.explain, { finding })
    expect(analysis.markdown).toMatch(/^# broken-word at `loader\.py:2`\n/)
    const error = await client.request<Explanation>(messages.explain, {
      error: '[dequantize] Invalid value for bits: 0',
    })
    expect(error.markdown).toContain('Bits and group size must be positive')
    expect(await client.request<Explanation>(messages.explain, null)).toHaveProperty('markdown')
  })

  test('is offered by the light bulb to our own client only', async () => {
    for (const own of [true, false]) {
      const folder = workspace()
      const client = await lspClient(fakeWorld(), {
        folders: [folder],
        initializationOptions: { headerDocuments: own },
      })
      const at = uri(folder, 'loader.py')
      const { diagnostics } = await published(client, at, 1)
      const actions = await client.request<CodeAction[]>('textDocument/codeAction', {
        textDocument: { uri: at },
        range: diagnostics[0]?.range,
        context: { diagnostics },
      })
      const offered = actions.filter(({ title }) => title === 'Write analysis…').map(({ command }) => command)
      const finding = { rule: 'broken-word', path: join(folder, 'loader.py'), line: 1 }
      expect(offered).toEqual(
        own ? [{ title: 'Write analysis…', command: 'tensorlint.writeAnalysis', arguments: [{ finding }] }] : [],
      )
    }
  })
})
