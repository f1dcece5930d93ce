// Weights are packed, and config.json has no quantization block that MLX's loaders would read: none at all, one in a place
// where they do not look, or one that names another tool's method. They then build plain layers and refuse the scales.

import type { JSONPath } from 'jsonc-parser'
import type { JsonFile, Model } from '../checkpoint/facts'
import { findProperty, valueOf } from '../checkpoint/jsonFile'
import type { Fix } from '../protocol'
import { fittingFloatPairs, floatModes, type Pair, showPair, showPairs } from '../quant/affine'
import type { QuantizationConfig } from '../quant/config'
import { expectedWidth, withEvidence } from '../quant/dimensions'
import { mlxLmReading, modelTypes, type Reading } from '../quant/mlxLm'
import { type QuantizedModule, quantizedKinds, quantizedModules } from '../quant/quantizedModules'
import { judgeTriple } from '../quant/triple'
import { type Change, rewrite } from './configEdits'
import { isLoadedHere, severityFor } from './configHarm'
import { defineRule, type Draft, type Facts } from './rule'
import { count, foldNames, rangeIn } from './show'

export const missingQuantization = defineRule({
  id: 'missing-quantization-config',
  severity: 'error',
  title: 'Packed weights, but config.json does not say so',
  *check(facts) {
    for (const model of facts.models)
      for (const file of model.configs) {
        if (file.root?.type !== 'object') continue
        if (quantizedKinds(model).length === 0) continue
        const reading = mlxLmReading(file)
        if (reading.kind === 'quantizes') continue
        // A config of one's own for a loader of one's own: no other is meant to read it.
        if (modelTypes(file).top === undefined && isLoadedHere(facts, model)) continue
        // What another tool's block names may be stored in its own way beside MLX's: for the formats to judge.
        if (reading.block?.method !== undefined && hasForeignTensors(model)) continue
        yield draft(facts, model, file, quantizedModules(model), reading)
      }
  },
})

const foreign = /\.(qweight|weight_packed|weight_scale|weight_scale_inv|SCB|W_q|qzeros|qbiases)$|\.weight\.absmax$/

function hasForeignTensors(model: Model): boolean {
  return model.shards.some(({ tensors }) => {
    for (let i = 0; i < Math.min(tensors.count, 2000); i++) if (foreign.test(tensors.nameAt(i))) return true
    return false
  })
}

function draft(
  facts: Facts,
  model: Model,
  file: JsonFile,
  modules: readonly QuantizedModule[],
  reading: Exclude<Reading, { kind: 'quantizes' }>,
): Draft {
  const { block } = reading
  const at = block?.global.node
  const extra = modules.reduce((sum, m) => sum + (m.biases ? 2 : 1), 0)
  const found = `${count(modules.length, 'module')} of the checkpoint ${modules.length === 1 ? 'is' : 'are'} packed, ${foldNames(modules.map(m => m.path))}`
  const why =
    reading.kind === 'raises'
      ? `${block?.path.join('.')} ${block?.method === undefined ? 'names no quant_method' : `says quant_method "${block.method}"`} and there is no "quantization"; mlx-lm stops with ${reading.error}`
      : !block && isTaken(model.quantFile)
        ? "config.json has no quantization block, and mlx-lm takes hf_quant_config.json for one and stops with KeyError: 'quant_method'"
        : `${reading.why}; mlx-lm builds plain layers and stops with "Received ${extra} parameters not in model"`
  const isModel = modelTypes(file).top !== undefined
  return {
    path: file.path,
    range: at ? rangeIn(file, at.offset, at.offset + at.length) : rangeIn(file, ...firstBrace(file)),
    severity: severityFor(facts, model, isModel),
    message: `${found}, but ${why}`,
    tensors: modules.flatMap(m => [m.weight, m.scales, m.biases].flatMap(t => (t ? [t.tensor.name] : []))),
    fixes: fixes(model, file, modules, block),
  }
}

/** ModelOpt's own file is read as a block where there is none, and names no method. */
const isTaken = (file: JsonFile | undefined): boolean =>
  file?.root?.type === 'object' && !findProperty(file.root, ['quant_method'])

/** The brace that opens the file's object: where a block is missing. */
function firstBrace({ root, text }: JsonFile): [number, number] {
  const start = root?.offset ?? text.indexOf('{')
  return [start, start + 1]
}

/** A block of MLX's own elsewhere is copied; else one is written from what the tensors say, if they say it plainly. */
function fixes(
  model: Model,
  file: JsonFile,
  modules: readonly QuantizedModule[],
  block: QuantizationConfig | undefined,
): Fix[] {
  const root = file.root
  if (!root) return []
  const path: JSONPath = ['quantization']
  if (block?.method === undefined && block?.global.groupSize && block.global.bits) {
    const value = findProperty(root, block.path)
    const changes: Change[] = value ? [{ path, value: valueOf(value) }] : []
    return [
      { title: `Copy ${block.path.join('.')} to quantization`, kind: 'safe', edits: [rewrite(file, root, changes)] },
    ]
  }
  const read = modules.map(m => readingOf(model, m))
  const sure = read.flatMap(r => (r && r.pairs.length === 1 ? [{ ...r, pair: r.pairs[0] as Pair }] : []))
  if (sure.length < read.length) return ambiguous(file, read)
  const counts = new Map<string, number>()
  const id = (r: { pair: Pair; mode: string }) => `${showPair(r.pair)} ${r.mode}`
  for (const r of sure) counts.set(id(r), (counts.get(id(r)) ?? 0) + 1)
  const [usual] = [...counts].sort((a, b) => b[1] - a[1])
  const most = sure.find(r => id(r) === usual?.[0])
  if (!most) return []
  const others = sure.filter(r => id(r) !== usual?.[0])
  const value = Object.fromEntries([
    ...Object.entries(parameters(most)),
    ...others.map(r => [r.path, parameters(r)] as const),
  ])
  return [
    {
      title: `Write quantization: ${showPair(most.pair)}${most.mode === 'affine' ? '' : ` ${most.mode}`}${others.length > 0 ? ` and ${count(others.length, 'override')}` : ''}`,
      kind: block ? 'needs-a-look' : 'safe',
      edits: [rewrite(file, root, [{ path, value }])],
    },
  ]
}

interface ModuleReading {
  readonly path: string
  readonly mode: string
  readonly pairs: readonly Pair[]
}

/** Where shapes leave several readings that hold for all modules alike, one fix each, and every one wants a look. */
function ambiguous(file: JsonFile, read: readonly (ModuleReading | undefined)[]): Fix[] {
  const first = read[0]
  const root = file.root
  if (!first || !root || read.some(r => r?.mode !== first.mode || showPairs(r.pairs) !== showPairs(first.pairs)))
    return []
  return first.pairs.map(pair => ({
    title: `Write quantization: ${showPair(pair)}`,
    kind: 'needs-a-look',
    edits: [rewrite(file, root, [{ path: ['quantization'], value: parameters({ pair, mode: first.mode }) }])],
  }))
}

function readingOf(model: Model, { path, weight, scales, biases }: QuantizedModule): ModuleReading | undefined {
  const isFloat = scales.tensor.dtype === 'U8'
  const verdict = judgeTriple({
    weight: weight.tensor.shape,
    scales: scales.tensor.shape,
    biases: biases?.tensor.shape,
    float: isFloat,
  })
  if (verdict.kind !== 'fits') return undefined
  const columns = weight.tensor.shape.at(-1) ?? 0
  if (!isFloat) return { path, mode: 'affine', pairs: withEvidence(verdict.pairs, columns, expectedWidth(model, path)) }
  const [pair] = fittingFloatPairs(columns, scales.tensor.shape.at(-1) ?? 0)
  const mode = Object.entries(floatModes).find(([, p]) => p.bits === pair?.bits && p.groupSize === pair.groupSize)?.[0]
  return pair && mode !== undefined ? { path, mode, pairs: [pair] } : undefined
}

const parameters = ({ pair, mode }: { pair: Pair; mode: string }) => ({
  group_size: pair.groupSize,
  bits: pair.bits,
  ...(mode === 'affine' ? {} : { mode }),
})
