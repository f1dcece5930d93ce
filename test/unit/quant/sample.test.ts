// The sample workspace: the same bytes every time, broken where it should be and nowhere else, and programs that really
// run. The programs' other half, loader.ts, runs in the suite that has Node's MLX.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { SampleOptions } from '../../../scripts/sample/writeSample'
import { writeSample } from '../../../scripts/sample/writeSample'
import { validateDequantize } from '../../../server/quant/decode/validate'
import { testPython } from '../../support/python'

const python = testPython()
const folders: string[] = []
afterAll(() => folders.forEach(folder => rmSync(folder, { recursive: true })))

function sample(options?: SampleOptions): string {
  const folder = mkdtempSync(join(tmpdir(), 'tensorlint-sample-'))
  folders.push(folder)
  writeSample(folder, options)
  return folder
}

interface Entry {
  readonly dtype: string
  readonly shape: readonly number[]
}

/** Header entries of both ranks, and the config's quantization block. */
function facts(folder: string) {
  const ranks = [0, 1].map(rank => {
    const file = readFileSync(join(folder, `rank_${rank}`, 'model.safetensors'))
    const header = JSON.parse(file.toString('utf8', 8, 8 + Number(file.readBigUInt64LE(0)))) as Record<string, Entry>
    delete header.__metadata__
    return header
  })
  const config = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')) as {
    quantization: { group_size: number; bits: number }
    quantization_config: unknown
  }
  return { ranks, config, all: { ...ranks[1], ...ranks[0] } as Record<string, Entry> }
}

/** What MLX says of every quantized module with the given parameters; undefined: it decodes. */
function verdicts(folder: string, { group_size: groupSize, bits } = facts(folder).config.quantization) {
  const { all } = facts(folder)
  const modules = Object.keys(all).flatMap(name => (name.endsWith('.scales') ? [name.slice(0, -'.scales'.length)] : []))
  return new Map(
    modules.map(module => {
      const [weight, scales, biases] = ['weight', 'scales', 'biases'].map(part => all[`${module}.${part}`])
      if (!weight || !scales || !biases) throw new Error(`${module} lacks a tensor`)
      return [module, validateDequantize({ weight, scales, biases, groupSize, bits, mode: 'affine' })] as const
    }),
  )
}

const short = '[dequantize] Shape of scales and biases does not match the matrix'
const long = `${short} given the quantization parameters.`
const right = { group_size: 64, bits: 4 }

describe('the sample workspace', { timeout: 60_000 }, () => {
  it('is the same, byte for byte, whenever it is written', () => {
    const [first, second] = [sample(), sample()]
    for (const name of readdirSync(first, { recursive: true, encoding: 'utf8' })) {
      if (!/\.\w+$/.test(name)) continue
      expect(readFileSync(join(second, name)).equals(readFileSync(join(first, name))), name).toBe(true)
    }
    const digest = (rank: number) =>
      createHash('sha256')
        .update(readFileSync(join(first, `rank_${rank}`, 'model.safetensors')))
        .digest('hex')
    // On whatever machine: a change here changes what everyone sees.
    expect([digest(0), digest(1)]).toEqual([
      '3ba3a90123dc9cba1ad681f3f02468d7a78ed84d862b5e194fa79290d68551de',
      'a71ccff3de2287cac0e7459b6011e0bedb3c5629b350721336cce0ad05fa359f',
    ])
  })

  it('is sound in the correct variant, tied or untied', () => {
    for (const head of ['tied', 'untied'] as const) {
      const folder = sample({ variant: 'correct', head })
      const said = verdicts(folder)
      expect(said.size).toBe(1 + 4 * 7 + (head === 'untied' ? 1 : 0))
      expect([...said.values()].filter(text => text !== undefined)).toEqual([])
      const { config, ranks } = facts(folder)
      expect(config.quantization_config).toEqual(config.quantization)
      expect('lm_head.weight' in (ranks[1] ?? {})).toBe(head === 'untied')
      expect('model.embed_tokens.weight' in (ranks[1] ?? {})).toBe(head === 'tied')
    }
  })

  it('as generated has every triple but the embedding transposed, and a wrong group size besides', () => {
    const folder = sample()
    for (const [module, text] of verdicts(folder, right)) {
      expect(text, module).toBe(module === 'model.embed_tokens' ? undefined : short)
    }
    expect(facts(folder).config.quantization).toEqual({ group_size: 32, bits: 4 })
    const sound = sample({ variant: 'correct' })
    expect(verdicts(sound, { group_size: 32, bits: 4 }).get('model.layers.0.mlp.up_proj')).toContain(long)
    const shape = (name: string) => [facts(folder).all[name]?.shape, facts(sound).all[name]?.shape]
    expect(shape('model.layers.3.self_attn.k_proj.weight')).toEqual([
      [72, 192],
      [192, 72],
    ])
    expect(shape('model.norm.weight')).toEqual([[576], [576]])
  })

  it('has one fault in each other variant', () => {
    const bits = verdicts(sample({ variant: 'wrong-bits' }))
    expect([...bits.values()].every(text => text?.startsWith(long))).toBe(true)
    const weightOnly = verdicts(sample({ variant: 'weight-only' }))
    expect([...weightOnly].flatMap(([module, text]) => (text === undefined ? [module] : []))).toEqual([
      'model.embed_tokens',
    ])
    const sliced = verdicts(sample({ variant: 'scales-sliced' }))
    for (const [module, text] of sliced) {
      expect(text, module).toBe(/\.[qkv]_proj$/.test(module) ? short : undefined)
    }
  })
})

/** Runs a sample's loader.py; stdout, or the last line of stderr where it fails. */
function runLoader(folder: string): string {
  const run = spawnSync(python ?? '', ['-B', join(folder, 'loader.py')], { encoding: 'utf8' })
  return run.status === 0 ? run.stdout : (run.stderr.trim().split('\n').at(-1) ?? '')
}

function rewrite(path: string, pattern: RegExp, by: string) {
  writeFileSync(path, readFileSync(path, 'utf8').replace(pattern, by))
}

describe.skipIf(!python)('loader.py under MLX (needs TENSORLINT_TEST_PYTHON)', { timeout: 60_000 }, () => {
  it('runs on the correct variant, with either head', () => {
    const output = /^argmax \[\d+(, \d+){4}\]\nchecksum \d+\.\d{4}\n$/
    expect(runLoader(sample({ variant: 'correct' }))).toMatch(output)
    expect(runLoader(sample({ variant: 'correct', head: 'tied' }))).toMatch(output)
  })

  it('dies of the transposed triples first, then of the group size, and runs once both are repaired', () => {
    for (const head of ['tied', 'untied'] as const) {
      const folder = sample({ head })
      expect(runLoader(folder)).toBe(`ValueError: ${short}`)
      const loader = join(folder, 'loader.py')
      rewrite(
        loader,
        /weights\[(w_key|scales_key|biases_key|"lm_head\.\w+")\](?=[,)])/g,
        'mx.contiguous(weights[$1].T)',
      )
      rewrite(loader, /load_weights\(mx\.contiguous\((.*)\.T\)\)/g, 'load_weights($1)')
      expect(runLoader(folder)).toContain(`ValueError: ${long}`)
      rewrite(join(folder, 'config.json'), /"group_size": 32/g, '"group_size": 64')
      expect(runLoader(folder)).toBe(runLoader(sample({ variant: 'correct', head })))
    }
  })

  it('dies in each other variant with the text of its fault', () => {
    expect(runLoader(sample({ variant: 'wrong-bits' }))).toContain(`ValueError: ${long}`)
    expect(runLoader(sample({ variant: 'weight-only' }))).toBe(`ValueError: ${short}`)
    expect(runLoader(sample({ variant: 'scales-sliced' }))).toBe(`ValueError: ${short}`)
  })
})
