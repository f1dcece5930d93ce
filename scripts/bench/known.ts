// Well-known code that works: the sources of mlx-lm and of what is built on it, installed from PyPI, read in place and never
// kept. Beside healthy checkpoints nothing in them may be called an error; and all of mlx-lm, cold, may cost little more
// than tree-sitter alone needs to parse it.

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readJsonFile } from '../../server/checkpoint/jsonFile'
import { groupModels } from '../../server/checkpoint/models'
import { analyse, type Snapshot } from '../../server/engine'
import { loadGrammars, parseSyntax } from '../../server/source/grammars'
import { lowerProgram } from '../../server/source/index'
import { readGrammar } from '../../server/workspace/grammarFiles'
import { healthy } from '../../test/healthy/models'
import { sparseShard } from '../../test/healthy/sparseShard'
import type { Row } from './row'

interface Known {
  readonly requirement: string
  readonly folder: string
  /** Names of healthy checkpoints that it loads, or that lie beside it by chance. */
  readonly beside: readonly string[]
}

/** What is read, and beside which checkpoints. */
const known: readonly Known[] = [
  {
    requirement: 'mlx-lm==0.32.2',
    folder: 'mlx_lm',
    beside: ['Llama 3.2 1B, MLX 4-bit', 'Gemma 3 1B', 'Mixtral 8x7B, MLX 4-bit', 'DeepSeek V3, MLX 4-bit'],
  },
  {
    requirement: 'mlx-vlm==0.7.10',
    folder: 'mlx_vlm',
    beside: ['Gemma 3 4B with vision, MLX 4-bit', 'Qwen2.5-VL 3B, MLX 4-bit'],
  },
  { requirement: 'mlx-audio==0.6.2', folder: 'mlx_audio', beside: ['Whisper large-v3', 'Llama 3.2 1B, MLX 4-bit'] },
  {
    requirement: 'mlx-whisper==0.4.3',
    folder: 'mlx_whisper',
    beside: ['Whisper large-v3', 'Whisper large-v3, MLX 4-bit'],
  },
  { requirement: 'mflux==0.24.0', folder: 'mflux', beside: ['CLIP ViT-L/14', 'Qwen2.5-VL 3B, MLX 4-bit'] },
  { requirement: 'mlx-embeddings==0.1.0', folder: 'mlx_embeddings', beside: ['BERT base', 'BERT base, MLX 4-bit'] },
]

/** Analyses every package beside its checkpoints. `python` is an interpreter with pip. */
export async function benchKnown(python: string): Promise<readonly Row[]> {
  await loadGrammars(readGrammar)
  const site = resolve('.cache/known')
  install(python, site)
  let [errors, programs] = [0, 0]
  let cold: Row | undefined
  for (const { folder, beside } of known) {
    const texts = readdirSync(join(site, folder), { recursive: true, encoding: 'utf8' })
      .filter(file => file.endsWith('.py'))
      .sort()
      .map(file => ({ path: `/workspace/${folder}/${file}`, text: readFileSync(join(site, folder, file), 'utf8') }))
    programs += texts.length
    for (const name of beside) {
      const began = performance.now()
      const snapshot = await besideModel(texts, name)
      const { findings } = analyse(snapshot)
      const took = performance.now() - began
      cold ??= coldRow(folder, texts, took)
      for (const { rule, path, range, message, severity } of findings) {
        if (severity !== 'error' || !path.endsWith('.py')) continue
        errors++
        console.log(`  ${path}:${range.start.line + 1} beside ${name}: ${message} [${rule}]`)
      }
    }
  }
  const clean: Row = {
    name: `errors said of ${known.length} packages of working code, ${programs} files, beside healthy checkpoints`,
    value: errors,
    unit: 'errors',
    limit: 0,
    direction: 'at most',
  }
  return cold ? [clean, cold] : [clean]
}

interface SourceText {
  readonly path: string
  readonly text: string
}

async function besideModel(texts: readonly SourceText[], name: string): Promise<Snapshot> {
  const stored = healthy[name]
  if (!stored) throw new Error(`there is no healthy checkpoint ${name}`)
  const shard = await sparseShard('/workspace/checkpoint/model.safetensors', stored.tensors, stored.format)
  const config = readJsonFile('/workspace/checkpoint/config.json', JSON.stringify(stored.config, null, 2))
  return {
    folders: ['/workspace'],
    models: groupModels({ shards: [shard], configs: [config], indexes: [] }),
    programs: texts.flatMap(({ path, text }) => lowerProgram(path, text) ?? []),
  }
}

function coldRow(folder: string, texts: readonly SourceText[], took: number): Row {
  const began = performance.now()
  for (const { text } of texts) parseSyntax('python', text)
  const parse = performance.now() - began
  return {
    name: `all of ${folder} cold, ${texts.length} files, against tree-sitter alone (${took.toFixed(0)} ms, ${parse.toFixed(0)} ms)`,
    value: took / parse,
    unit: 'x',
    limit: 3,
    direction: 'at most',
  }
}

/** Sources alone, without what they import: nothing of them is run. */
function install(python: string, site: string): void {
  const wanted = known.map(({ requirement }) => requirement)
  const marker = join(site, 'installed')
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted.join('\n')) return
  rmSync(site, { recursive: true, force: true })
  const made = `${site}.new`
  rmSync(made, { recursive: true, force: true })
  const options = ['--quiet', '--disable-pip-version-check', '--no-input', '--no-deps', '--target', made]
  const { status, stderr } = spawnSync(python, ['-m', 'pip', 'install', ...options, ...wanted], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`pip install failed: ${stderr}`)
  writeFileSync(join(made, 'installed'), wanted.join('\n'))
  renameSync(made, site)
}
