// What an editor asks about a loader while a person reads and writes it, answered by the real engine over streams.
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { Hover, InlayHint, MarkupContent } from 'vscode-languageserver'
import { analyse } from '../../server/engine'
import { messages, type RevealParams, type TreeNode } from '../../server/protocol'
import { loadGrammars } from '../../server/source/grammars'
import { readGrammar } from '../../server/workspace/grammarFiles'
import { fakeWorld } from '../support/fakeWorld'
import { lspClient, type LspClient } from '../support/lspClient'
import { tempFolder, triple, zeros } from '../support/tempFolder'

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
