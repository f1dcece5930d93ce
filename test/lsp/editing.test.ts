// What an editor asks about a loader while a person reads and writes it, answered by the real engine over streams.
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type {
  CodeLens,
  CompletionList,
  Hover,
  InlayHint,
  Location,
  LocationLink,
  MarkupContent,
} from 'vscode-languageserver'
import { analyse } from '../../server/engine'
import type { DiagnosticData } from '../../server/lsp/diagnostics'
import {
  messages,
  type FileLoads,
  type HeaderText,
  type Loaders,
  type RevealParams,
  type TreeNode,
} from '../../server/protocol'
import { loadGrammars } from '../../server/source/grammars'
import { readGrammar } from '../../server/workspace/grammarFiles'
import { fakeWorld } from '../support/fakeWorld'
import { lspClient, type LspClient } from '../support/lspClient'
import { tempFolder, triple, writeFiles, zeros } from '../support/tempFolder'

beforeAll(() => loadGrammars(readGrammar))

const loader = `import mlx.core as mx
weights = mx.load("m/model.safetensors")
for i in range(2):
    w = weights[f"layers.{i}.proj.weight"]
    full = mx.dequantize(w, weights[f"layers.{i}.proj.scales"], weights[f"layers.{i}.proj.biases"])
`

const workspace = () =>
  tempFolder({
    'm/model.safetensors': zeros({
      ...triple('layers.0.proj', 128, 256),
      ...triple('layers.1.proj', 128, 256),
      'norm.weight': ['F16', 256],
    }),
    'm/config.json': '{"quantization": {"group_size": 64, "bits": 4}}',
    'loader.py': loader,
  })

const uri = (...parts: string[]) => `file://${join(...parts)}`

/** A request about the first place of a text in a document. */
function at(folder: string, name: string, text: string, content = loader) {
  const before = content.slice(0, content.indexOf(text)).split('\n')
  const position = { line: before.length - 1, character: (before.at(-1) ?? '').length + 1 }
  return { textDocument: { uri: uri(folder, name) }, position }
}

const start = (folder: string, own = false) =>
  lspClient(fakeWorld({ analyse }), { folders: [folder], initializationOptions: { headerDocuments: own } })

const hoverText = async (client: LspClient, params: object) =>
  ((await client.request<Hover | null>('textDocument/hover', params))?.contents as MarkupContent | undefined)?.value

describe('hover', () => {
  test('shows the tensors of a key and what arrives at an operation', async () => {
    const folder = workspace()
    const client = await start(folder)
    expect(client.initialized.capabilities.hoverProvider).toBe(true)
    const key = await hoverText(client, at(folder, 'loader.py', 'layers.{i}.proj.weight'))
    expect(key).toMatch(/^\*\*2 tensors\*\* of `m`/)
    expect(key).not.toContain('command:')
    expect(await hoverText(client, at(folder, 'loader.py', 'dequantize'))).toContain('4-bit [128, 256] g64')
    expect(await client.request('textDocument/hover', at(folder, 'loader.py', 'import'))).toBeNull()
    expect(await client.request('textDocument/hover', at(folder, 'm/config.json', 'import'))).toBeNull()
  })

  test('leads our own client to the tree, which is told the rows', async () => {
    const folder = workspace()
    const client = await start(folder, true)
    const text = await hoverText(client, at(folder, 'loader.py', 'layers.{i}.proj.weight'))
    const encoded = /\(command:tensorlint\.revealTensor\?([^)]*)\)/.exec(text ?? '')?.[1] ?? ''
    const [target] = JSON.parse(decodeURIComponent(encoded)) as [RevealParams]
    expect(target.tensor).toBe('layers.0.proj.weight')
    const rows = async (grouping: string) =>
      (await client.request<TreeNode[]>(messages.rowsTo, { ...target, grouping })).map(({ label }) => label)
    expect(await rows('shard')).toEqual(['m', 'model.safetensors', 'layers', 'layers.0', 'proj', 'weight'])
    expect(await rows('module')).toEqual(['m', 'layers', 'layers.0', 'proj', 'weight'])
    const gone = { ...target, tensor: 'layers.9.x', grouping: 'module' }
    expect((await client.request<TreeNode[]>(messages.rowsTo, gone)).map(({ label }) => label)).toEqual(['m', 'layers'])
  })
})

describe('inlay hints', () => {
  const range = { start: { line: 0, character: 0 }, end: { line: 9, character: 0 } }
  const hints = (client: LspClient, folder: string) =>
    client.request<InlayHint[]>('textDocument/inlayHint', {
      textDocument: { uri: uri(folder, 'loader.py') },
      range,
    })

  test('show shapes, and go with the setting', async () => {
    const folder = workspace()
    let refreshed = 0
    const client = await lspClient(fakeWorld({ analyse }), {
      folders: [folder],
      capabilities: { workspace: { inlayHint: { refreshSupport: true } } },
      prepare: connection => {
        connection.onRequest('workspace/inlayHint/refresh', () => {
          refreshed++
          return null
        })
      },
    })
    expect((await hints(client, folder)).map(({ label }) => label)).toEqual([
      'u32 [128, 32] = 4-bit [128, 256] g64',
      'f16 [128, 4]',
      'f16 [128, 4]',
      '= 4-bit [128, 256] g64',
    ])
    await expect.poll(() => refreshed).toBeGreaterThan(0)
    const before = refreshed
    await client.notify('workspace/didChangeConfiguration', { settings: { inlayHints: false } })
    await expect.poll(() => refreshed).toBeGreaterThan(before)
    expect(await hints(client, folder)).toEqual([])
  })
})

const indexText = `{
  "metadata": {"total_size": 1},
  "weight_map": {
    "layers.0.proj.weight": "model.safetensors",
    "layers.9.proj.weight": "model.safetensors"
  }
}
`
const indexName = 'm/model.safetensors.index.json'

function withIndex(): string {
  const folder = workspace()
  writeFiles(folder, { [indexName]: indexText })
  return folder
}

describe('go to definition', () => {
  test('leads our own client to the lines of the header, from a key and from an entry of the index', async () => {
    const folder = withIndex()
    const client = await lspClient(fakeWorld({ analyse }), {
      folders: [folder],
      initializationOptions: { headerDocuments: true },
      capabilities: { textDocument: { definition: { linkSupport: true } } },
    })
    const path = join(folder, 'm/model.safetensors')
    const header = await client.request<HeaderText>(messages.header, { path })
    const lines = header.text.split('\n')
    const links = await client.request<LocationLink[]>(
      'textDocument/definition',
      at(folder, 'loader.py', 'layers.{i}.proj.weight'),
    )
    expect(links.map(l => [l.targetUri, lines[l.targetRange.start.line]?.split(' ')[0]])).toEqual([
      [`tensorlint-header:${path}`, 'layers.0.proj.weight'],
      [`tensorlint-header:${path}`, 'layers.1.proj.weight'],
    ])
    expect(links[0]?.originSelectionRange).toMatchObject({ start: { line: 3, character: 16 } })
    const place = at(folder, indexName, 'layers.0', indexText)
    const fromIndex = await client.request<LocationLink[]>('textDocument/definition', place)
    expect(fromIndex.map(l => l.targetRange)).toEqual([links[0]?.targetRange])
    const target = await client.request<RevealParams>(messages.tensorAt, {
      uri: place.textDocument.uri,
      position: place.position,
    })
    expect(target).toEqual({ model: join(folder, 'm'), path, tensor: 'layers.0.proj.weight' })
    for (const [name, text, content] of [
      [indexName, 'layers.9', indexText],
      [indexName, 'total_size', indexText],
      ['loader.py', 'import', loader],
    ] as const)
      expect(await client.request('textDocument/definition', at(folder, name, text, content))).toEqual([])
  })

  test('leads other editors to the entry of the index', async () => {
    const folder = withIndex()
    const client = await start(folder)
    const found = await client.request<Location[]>(
      'textDocument/definition',
      at(folder, 'loader.py', 'layers.{i}.proj.weight'),
    )
    expect(found).toEqual([
      { uri: uri(folder, indexName), range: { start: { line: 3, character: 4 }, end: { line: 3, character: 26 } } },
    ])
  })
})

describe('who loads a tensor', () => {
  const lines = (places: readonly { range: { start: { line: number } } }[]) => places.map(p => p.range.start.line)

  test('is told of a key, an entry of the index, a row of the tree and a line of a header', async () => {
    const folder = withIndex()
    const client = await start(folder, true)
    const byKey = await client.request<Location[]>(
      'textDocument/references',
      at(folder, 'loader.py', 'layers.{i}.proj.scales'),
    )
    expect(byKey.map(({ uri: where }) => where)).toEqual([uri(folder, 'loader.py'), uri(folder, 'loader.py')])
    expect(lines(byKey)).toEqual([4, 1])
    expect(
      lines(await client.request('textDocument/references', at(folder, indexName, 'layers.0', indexText))),
    ).toEqual([3, 1])
    expect(await client.request('textDocument/references', at(folder, indexName, 'metadata', indexText))).toEqual([])
    const ask = (params: object) => client.request<Loaders>(messages.loaders, params)
    const model = join(folder, 'm')
    const path = join(model, 'model.safetensors')
    expect(lines((await ask({ model, path, tensor: 'layers.1.proj.biases' })).places)).toEqual([4, 1])
    const module = await ask({ model, module: 'layers.1' })
    expect([module.subject, lines(module.places)]).toEqual(['layers.1', [3, 4, 4, 1]])
    const norm = await ask({ model, path, tensor: 'norm.weight' })
    expect(norm).toMatchObject({ subject: 'norm.weight', unknown: 0 })
    // The file is opened; nobody asks for the tensor.
    expect(lines(norm.places)).toEqual([1])
    const header = await client.request<HeaderText>(messages.header, { path, tensor: 'layers.0.proj.weight' })
    expect(lines((await ask({ path, line: header.line })).places)).toEqual([3, 1])
    expect(await ask({ path, line: 0 })).toEqual({ subject: 'this line', places: [], unknown: 0 })
  })
})

describe('completion', () => {
  test('offers names inside a key, as a snippet where the client takes one', async () => {
    const folder = workspace()
    const typed = 'import mlx.core as mx\nweights = mx.load("m/model.safetensors")\nw = weights[f"layers.0."]\n'
    const complete = async (snippetSupport: boolean) => {
      const client = await lspClient(fakeWorld({ analyse }), {
        folders: [folder],
        capabilities: { textDocument: { completion: { completionItem: { snippetSupport } } } },
      })
      expect(client.initialized.capabilities.completionProvider?.triggerCharacters).toContain('.')
      const textDocument = { uri: uri(folder, 'loader.py'), languageId: 'python', version: 1, text: typed }
      await client.notify('textDocument/didOpen', { textDocument })
      const ask = (character: number) =>
        client.request<CompletionList | null>('textDocument/completion', {
          textDocument: { uri: textDocument.uri },
          position: { line: 2, character },
        })
      return [await ask(22), await ask(14), await ask(3)].map(list =>
        list?.items.map(item => [item.label, item.textEdit]),
      )
    }
    const range = (start: number, end: number) => ({
      start: { line: 2, character: start },
      end: { line: 2, character: end },
    })
    const [full, first, none] = await complete(true)
    expect(full?.[0]).toEqual(['0.proj.weight', { range: range(21, 23), newText: '0.proj.weight' }])
    expect(first?.[0]?.[0]).toBe('layers.0-1.proj.weight')
    expect(first?.[0]?.[1]).toMatchObject({ newText: 'layers.${1:{i\\}}.proj.weight' })
    expect(none).toEqual([])
    const [, plain] = await complete(false)
    expect(plain?.[0]?.[1]).toMatchObject({ newText: 'layers.{i}.proj.weight' })
  })
})

describe('while a program is typed', () => {
  test('what was found moves with the text, and stays while a line cannot be read', async () => {
    const folder = workspace()
    const faulty = loader.replace('scales"], weights', 'biases"].T, weights')
    writeFiles(folder, { 'loader.py': faulty })
    const client = await start(folder)
    const document = { uri: uri(folder, 'loader.py') }
    const open = (text: string) => ({ ...document, languageId: 'python', version: 1, text })
    await client.notify('textDocument/didOpen', { textDocument: open(faulty) })
    let version = 1
    const type = async (text: string) => {
      await client.notify('textDocument/didChange', {
        textDocument: { ...document, version: ++version },
        contentChanges: [{ text }],
      })
      const lenses = await client.request<CodeLens[]>('textDocument/codeLens', { textDocument: document })
      const published = client.diagnostics.get(document.uri)
      expect(published?.version).toBe(version)
      const diagnostics = published?.diagnostics ?? []
      return {
        faults: diagnostics.map(({ range, code }) => [code, range.start.line]),
        fixes: diagnostics.flatMap(({ data }) =>
          (data as DiagnosticData).fixes.map(({ edits }) => edits[0]?.range.start.line),
        ),
        lenses: [...new Set(lenses.map(({ range }) => range.start.line))],
      }
    }
    const first = await type(faulty.replace('mx\n', 'mx \n'))
    expect(first.faults.length).toBeGreaterThan(0)
    const down = (lines: readonly (unknown[] | number | undefined)[], by: number) =>
      lines.map(line => (Array.isArray(line) ? [line[0], Number(line[1]) + by] : Number(line) + by))
    const remark = faulty.replace('for i', '# All layers.\nfor i')
    const second = await type(remark)
    expect(second.faults).toEqual(down(first.faults, 1))
    expect(second.fixes).toEqual(down(first.fixes, 1))
    const half = remark.replace('mx.load(', 'mx.load(str(').replace('weights =', '\nweights =')
    const third = await type(half)
    expect(third.faults).toEqual(down(first.faults, 2))
    expect(third.lenses.slice(1)).toEqual(down(first.lenses.slice(1), 2))
    // Requests about places speak of the text as it is.
    const hover = await hoverText(client, at(folder, 'loader.py', 'weights[f"layers.{i}.proj.weight"]', half))
    expect(hover).toContain('layers.0-1.proj.weight')
    const [link] = await client.request<Location[]>('textDocument/references', {
      ...at(folder, 'loader.py', 'weights[f"layers.{i}.proj.weight"]', half),
      context: { includeDeclaration: true },
    })
    expect(link?.range.start.line).toBe(5)
    const fourth = await type(`${faulty}x = weights["layers.0.`)
    expect(fourth.faults).toEqual(first.faults)
    const list = await client.request<CompletionList | null>('textDocument/completion', {
      textDocument: document,
      position: { line: 5, character: 22 },
    })
    expect(list?.items.map(({ label }) => label)).toContain('proj.weight')
  })
})

describe('what is understood of a file', () => {
  const partly = `import mlx.core as mx

def walk(weights):
    return [weights[name] for name in names()]

def load(path):
    weights = mx.load(path)
    walk(weights)
    return weights["norm.weight"], {k: v for k, v in weights.items()}
`

  test('is a list with reasons, and a lens above the file and its functions', async () => {
    const folder = workspace()
    writeFiles(folder, { 'partly.py': partly })
    const client = await start(folder, true)
    const document = { uri: uri(folder, 'partly.py') }
    const loads = await client.request<FileLoads>(messages.fileLoads, document)
    expect(loads).toMatchObject({ loads: 2, dequantized: 0, unknown: 1, models: ['m'] })
    expect(loads.entries.map(e => [e.understood, e.text, e.detail])).toEqual([
      [false, 'weights[name]', 'the key is not known'],
      [true, 'weights["norm.weight"]', 'f16 [256]'],
      [true, 'weights.items()', 'u32 [128, 32] = 4-bit [128, 256] g64, …'],
    ])
    const lenses = async (of: LspClient) =>
      (await of.request<CodeLens[]>('textDocument/codeLens', { textDocument: document })).map(l => [
        l.range.start.line,
        l.command?.title,
        l.command?.command,
      ])
    expect(await lenses(client)).toEqual([
      [0, '2 loads, 1 not understood', 'tensorlint.showLoads'],
      [2, '1 not understood', 'tensorlint.showLoads'],
      [5, '2 loads', 'tensorlint.showLoads'],
    ])
    expect((await lenses(await start(folder)))[0]).toEqual([0, '2 loads, 1 not understood', ''])
    expect(await client.request(messages.fileLoads, { uri: uri(folder, 'm/config.json') })).toBeNull()
  })
})
