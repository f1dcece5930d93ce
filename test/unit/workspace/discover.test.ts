import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { discover, expandPath, MAX_SOURCE_BYTES, type DiscoverOptions } from '../../../server/workspace/discover'
import { homedir } from 'node:os'
import { tempFolder, writeFiles } from '../../support/tempFolder'

async function found(folder: string, more: Partial<DiscoverOptions> = {}) {
  const result = await discover({ folders: [folder], models: [], exclude: [], ...more })
  const names = (files: readonly { path: string }[]) => files.map(({ path }) => relative(folder, path))
  return {
    shards: names(result.shards),
    configs: names(result.configs),
    indexes: names(result.indexes),
    sources: names(result.sources),
    skipped: result.skipped,
  }
}

describe('discover', () => {
  test('lists shards, configs, indexes and sources by name, sorted', async () => {
    const folder = tempFolder({
      'rank_1/model.safetensors': '',
      'rank_0/model.safetensors': '',
      'config.json': '{}',
      'model.safetensors.index.json': '{}',
      'loader.py': '',
      'loader.ts': '',
      'types.d.ts': '',
      'bundle.min.js': '',
      'tokenizer.json': '{}',
      'notes.safetensors.txt': '',
    })
    expect(await found(folder)).toEqual({
      shards: ['rank_0/model.safetensors', 'rank_1/model.safetensors'],
      configs: ['config.json'],
      indexes: ['model.safetensors.index.json'],
      sources: ['loader.py', 'loader.ts'],
      skipped: [],
    })
  })

  test('skips version control, packages and environments, but not folders that only look like them', async () => {
    const folder = tempFolder({
      '.git/a.py': '',
      'node_modules/a/index.js': '',
      'src/__pycache__/a.py': '',
      '.venv/pyvenv.cfg': '',
      '.venv/lib/a.py': '',
      'tools/my-env/pyvenv.cfg': '',
      'tools/my-env/b.py': '',
      'conda/conda-meta/history': '',
      'conda/c.py': '',
      'env/settings.py': '',
      '.cache/model.safetensors': '',
    })
    const { sources, shards } = await found(folder)
    expect(sources).toEqual(['env/settings.py'])
    expect(shards).toEqual(['.cache/model.safetensors'])
  })

  test('takes small JSON files beside shards or a config as data, and those of other folders as strays', async () => {
    const folder = tempFolder({
      'ckpt/model.safetensors': '',
      'ckpt/quant.json': '{}',
      'ckpt/large.json': `"${'x'.repeat(70_000)}"`,
      'ckpt/tokenizer_config.json': '{}',
      'ckpt/package.json': '{}',
      'ckpt/.hidden.json': '{}',
      'split/config.json': '{}',
      'split/layout.json': '{}',
      'split/rank_0/model.safetensors': '',
      'elsewhere/notes.json': '{}',
      'elsewhere/large.json': `"${'x'.repeat(70_000)}"`,
      'elsewhere/package.json': '{}',
      '.editor/settings.json': '{}',
    })
    const { data, strays, skipped } = await discover({ folders: [folder], models: [], exclude: [] })
    expect(data.map(({ path }) => relative(folder, path))).toEqual(['ckpt/quant.json', 'split/layout.json'])
    expect(strays.map(({ path }) => relative(folder, path))).toEqual(['elsewhere/notes.json'])
    expect(skipped).toEqual([])
  })

  test('leaves out what files.exclude names', async () => {
    const folder = tempFolder({
      'build/a.py': '',
      'src/build/b.py': '',
      'src/c.py': '',
      'src/d_gen.py': '',
      'e.py': '',
    })
    expect((await found(folder, { exclude: ['**/build'] })).sources).toEqual(['e.py', 'src/c.py', 'src/d_gen.py'])
    expect((await found(folder, { exclude: ['build/'] })).sources).toEqual([
      'e.py',
      'src/build/b.py',
      'src/c.py',
      'src/d_gen.py',
    ])
    expect((await found(folder, { exclude: ['**/*_gen.py', '**/build/**'] })).sources).toEqual(['e.py', 'src/c.py'])
  })

  test('follows links to files and folders, once, and never round in circles', async () => {
    const folder = tempFolder({ 'real/model.safetensors': '', 'blobs/abc': 'bytes' })
    symlinkSync(join(folder, 'real'), join(folder, 'a-link'))
    symlinkSync(folder, join(folder, 'real', 'up'))
    symlinkSync('/', join(folder, 'root'))
    symlinkSync(join(folder, 'blobs', 'abc'), join(folder, 'linked.safetensors'))
    expect((await found(folder)).shards).toEqual(['linked.safetensors', 'real/model.safetensors'])
  })

  test('enters a folder through its link where that is the only way', async () => {
    const elsewhere = tempFolder({ 'model.safetensors': '' })
    const folder = tempFolder()
    symlinkSync(elsewhere, join(folder, 'model'))
    expect((await found(folder)).shards).toEqual(['model/model.safetensors'])
  })

  test('keeps a shard whose link leads nowhere, drops a config whose link does', async () => {
    const folder = tempFolder()
    symlinkSync(join(folder, 'gone'), join(folder, 'model.safetensors'))
    symlinkSync(join(folder, 'gone'), join(folder, 'config.json'))
    const { shards, configs, skipped } = await found(folder)
    expect({ shards, configs }).toEqual({ shards: ['model.safetensors'], configs: [] })
    expect(skipped).toEqual(['config.json is not a regular file'])
  })

  test.skipIf(process.platform === 'win32')('does not open a pipe that is named like a shard', async () => {
    const folder = tempFolder()
    execFileSync('mkfifo', [join(folder, 'model.safetensors')])
    expect((await found(folder)).shards).toEqual([])
  })

  test('lists the AppleDouble files that macOS leaves beside shards: they break loaders', async () => {
    const folder = tempFolder({ '._model.safetensors': 'x', 'model.safetensors': 'x' })
    expect((await found(folder)).shards).toEqual(['._model.safetensors', 'model.safetensors'])
  })

  test('takes the snapshot of refs/main from a Hugging Face cache', async () => {
    const hub = tempFolder({
      'models--org--name/blobs/0a': 'weights',
      'models--org--name/refs/main': 'new\n',
      'models--org--name/snapshots/old/config.json': '{}',
      'models--org--name/snapshots/new/config.json': '{}',
      'models--a--without-ref/snapshots/one/model.safetensors': '',
      'models--a--without-ref/snapshots/two/model.safetensors': '',
    })
    symlinkSync('../../blobs/0a', join(hub, 'models--org--name/snapshots/new/model.safetensors'))
    const asFolder = await found(hub)
    expect(asFolder.configs).toEqual(['models--org--name/snapshots/new/config.json'])
    expect(asFolder.shards).toEqual([
      'models--a--without-ref/snapshots/one/model.safetensors',
      'models--a--without-ref/snapshots/two/model.safetensors',
      'models--org--name/snapshots/new/model.safetensors',
    ])
    const asModel = await discover({ folders: [], models: [join(hub, 'models--org--name')], exclude: [] })
    expect(asModel.shards.map(({ path }) => relative(hub, path))).toEqual([
      'models--org--name/snapshots/new/model.safetensors',
    ])
  })

  test('takes checkpoints but no sources from a model folder, and both where the folder is a workspace too', async () => {
    const folder = tempFolder({ 'm/model.safetensors': '', 'm/modeling.py': '' })
    const model = join(folder, 'm')
    const only = await discover({ folders: [], models: [model], exclude: [] })
    expect([only.shards.length, only.sources.length]).toEqual([1, 0])
    const both = await discover({ folders: [folder], models: [model], exclude: [] })
    expect([both.shards.length, both.sources.length]).toEqual([1, 1])
    const modelFirst = await discover({ folders: [model], models: [folder], exclude: [] })
    expect([modelFirst.shards.length, modelFirst.sources.length]).toEqual([1, 1])
  })

  test('sees a shard that is named alone together with its config', async () => {
    const folder = tempFolder({ 'config.json': '{}', 'rank_0/a.safetensors': '', 'rank_0/b.safetensors': '' })
    const result = await discover({ folders: [], models: [join(folder, 'rank_0/a.safetensors')], exclude: [] })
    expect(result.shards.map(({ path }) => relative(folder, path))).toEqual(['rank_0/a.safetensors'])
    expect(result.configs.map(({ path }) => relative(folder, path))).toEqual(['config.json'])
  })

  test('counts what is missing or too large instead of failing', async () => {
    const folder = tempFolder()
    writeFileSync(join(folder, 'data.py'), 'x'.repeat(MAX_SOURCE_BYTES + 1))
    mkdirSync(join(folder, 'folder.safetensors'))
    writeFiles(folder, { 'folder.safetensors/inner.py': '' })
    const { sources, shards, skipped } = await found(folder, { models: [join(folder, 'nowhere')] })
    expect({ sources, shards }).toEqual({ sources: ['folder.safetensors/inner.py'], shards: [] })
    expect(skipped).toEqual([
      `${join(folder, 'nowhere')} does not exist`,
      `.py files larger than ${MAX_SOURCE_BYTES} bytes`,
    ])
  })

  test('stops when cancelled', async () => {
    const folder = tempFolder({ 'a/b/c.py': '' })
    expect((await found(folder, { isCancelled: () => true })).sources).toEqual([])
  })
})

test('expandPath knows the home folder and relative paths', () => {
  expect(expandPath('~', '/base')).toBe(homedir())
  expect(expandPath('~/models', '/base')).toBe(join(homedir(), 'models'))
  expect(expandPath('models', '/base')).toBe(join('/base', 'models'))
  expect(expandPath('~models', '/base')).toBe(join('/base', '~models'))
})
