// config.json names bits or a group size that the stored tensors contradict. Judged on the tensors as stored, transposed
// ones in the orientation that fits, so that a wrong config and a wrong loader are two findings, each at its own place.

import { applyEdits, type FormattingOptions, type JSONPath, modify, type Node } from 'jsonc-parser'
import type { JsonFile, Model } from '../checkpoint/facts'
import type { Sink } from '../interp/machine'
import type { Because, Edit, Fix } from '../protocol'
import { type Pair, showPair, showPairs } from '../quant/affine'
import {
  parametersOf,
  quantizationConfigs,
  type ConfigNumber,
  type ParameterBlock,
  type QuantizationConfig,
} from '../quant/config'
import { expectedWidth } from '../quant/dimensions'
import { type QuantizedModule, quantizedModules } from '../quant/quantizedModules'
import { judgeTriple } from '../quant/triple'
import { groupBy } from '../util/groupBy'
import { judgeParameters, type Judgement, type Parameter, showExpected } from './parameters'
import { defineRule, type Draft, type Facts } from './rule'
import { count, fileStart, foldNames, rangeIn, rangeOf, showTensor } from './show'

interface Contradiction {
  readonly module: QuantizedModule
  readonly which: Parameter
  readonly judgement: Judgement
  readonly given: Pair
  readonly block: ParameterBlock
  readonly isOverride: boolean
}

const key = { groupSize: 'group_size', bits: 'bits' } as const

export const contradictoryConfig = defineRule({
  id: 'contradictory-quantization-config',
  severity: 'error',
  title: 'config.json contradicts the stored tensors',
  *check(facts) {
    for (const model of facts.models)
      for (const file of model.configs) {
        const [config, ...copies] = ordered(quantizationConfigs(file), file, facts)
        if (!config) continue
        const modules = modulesUnder(model, file)
        const found = contradictionsIn(model, modules, config)
        const groups = groupBy(found, c => `${c.block.node.offset} ${c.which}`)
        for (const group of groups.values()) yield draft(facts, config, copies, group, modules)
      }
  },
})

/** The block that a loader in the workspace reads first, else the one that MLX's own loaders read. */
function ordered(configs: readonly QuantizationConfig[], file: JsonFile, facts: Facts): readonly QuantizationConfig[] {
  const read = (c: QuantizationConfig) =>
    readers(facts, file, [c.global.groupSize?.node, c.global.bits?.node]).length > 0
  return [...configs].sort((a, b) => Number(read(b)) - Number(read(a)))
}

/** A config in a folder of its own speaks of the shards there; any other of all. */
function modulesUnder(model: Model, file: JsonFile): readonly QuantizedModule[] {
  const all = quantizedModules(model)
  if (model.configs.length === 1) return all
  const folder = file.path.slice(0, -'config.json'.length)
  const own = all.filter(m => m.weight.shard.path.startsWith(folder))
  return own.length > 0 ? own : all
}

const found = new WeakMap<QuantizationConfig, { model: Model; contradictions: readonly Contradiction[] }>()
/** Those of all modules under a config; an edit of a program changes none of them. */
function contradictionsIn(
  model: Model,
  modules: readonly QuantizedModule[],
  config: QuantizationConfig,
): readonly Contradiction[] {
  const known = found.get(config)
  if (known?.model === model) return known.contradictions
  const contradictions = modules.flatMap(m => contradictionsOf(model, m, config))
  found.set(config, { model, contradictions })
  return contradictions
}

function contradictionsOf(model: Model, module: QuantizedModule, config: QuantizationConfig): Contradiction[] {
  const parameters = parametersOf(config, module.path)
  const { weight, scales, biases } = module
  if (!parameters || parameters.mode !== 'affine' || scales.tensor.dtype === 'U8') return []
  const verdict = judgeTriple({
    weight: weight.tensor.shape,
    scales: scales.tensor.shape,
    biases: biases?.tensor.shape,
  })
  if (verdict.kind !== 'fits' && verdict.kind !== 'turned') return []
  const last = (shape: readonly number[], turned: boolean) => shape[shape.length - (turned ? 2 : 1)] ?? 0
  const turned = verdict.kind === 'turned' ? verdict.turned : undefined
  const judgement = judgeParameters(parameters.pair, {
    pairs: verdict.pairs,
    packedColumns: last(weight.tensor.shape, turned?.weight === true),
    groups: last(scales.tensor.shape, turned?.scales === true),
    width: expectedWidth(model, module.path),
  })
  return (judgement?.wrong ?? []).map(which => ({
    module,
    which,
    judgement: judgement as Judgement,
    given: parameters.pair,
    block: parameters.block,
    isOverride: parameters.isOverride,
  }))
}

function draft(
  facts: Facts,
  config: QuantizationConfig,
  copies: readonly QuantizationConfig[],
  group: readonly Contradiction[],
  modules: readonly QuantizedModule[],
): Draft {
  const first = group[0] as Contradiction
  const { which, judgement, block, given } = first
  const value: ConfigNumber | undefined = block[which]
  const at: Node = value?.node ?? block.node
  const served = first.isOverride ? group.length : modules.filter(m => !config.overrides.has(m.path)).length
  const wanted = [...new Set(group.map(c => c.judgement.wanted[which]))]
  const { weight, scales } = first.module
  const found = value ? `${key[which]} is ${given[which]}` : `${key[which]} is missing here, so it is ${given[which]}`
  const expected = showExpected(
    wanted,
    group.map(c => c.judgement),
  )
  const evidence = `${first.module.path}: weight ${showTensor(weight.tensor)} with scales ${showTensor(scales.tensor)} is ${showPairs(judgement.pairs)}${judgement.width ? `, ${judgement.width.why}` : ''}`
  const modulesText = `${group.length < served ? `${group.length} of ${served} modules` : count(group.length, 'module')}, ${foldNames(group.map(c => c.module.path))}`
  const places = readers(facts, config.file, [value?.node])
  const silent = judgement.silent ? `; MLX takes ${showPair(given)} without an error and decodes another width` : ''
  const hurts = places.length > 0 ? '' : `; ${whoIsHurt(first.isOverride)}`
  return {
    path: config.file.path,
    range: rangeIn(config.file, at.offset, at.offset + at.length),
    severity: places.length > 0 ? 'error' : 'warning',
    message: `${found}; the tensors ${expected}: ${evidence}; ${modulesText}${silent}${hurts}`,
    tensors: [
      ...new Set(
        group.flatMap(c =>
          [c.module.weight, c.module.scales, c.module.biases].flatMap(t => (t ? [t.tensor.name] : [])),
        ),
      ),
    ],
    because: [
      ...[first.module.weight, first.module.scales].map((t): Because => ({
        path: t.shard.path,
        range: fileStart,
        message: `${t.tensor.name} is stored ${showTensor(t.tensor)}`,
        tensor: t.tensor.name,
      })),
      ...places,
    ],
    fixes: fixes(config, copies, group, served, wanted),
  }
}

/** mlx-lm infers the parameters of modules that the block does not name since 0.32; others read the block itself. */
const whoIsHurt = (isOverride: boolean) =>
  isOverride
    ? 'no loader in the workspace uses it, but every version of mlx-lm does, and refuses the weights'
    : 'no loader in the workspace uses it; mlx-lm before 0.32, mlx-vlm and MLX Swift do, mlx-lm from 0.32 infers it from the tensors'

const sinkCache = new WeakMap<Facts['deliveries'], ReadonlySet<Sink>>()
function sinksOf({ deliveries }: Facts): ReadonlySet<Sink> {
  let known = sinkCache.get(deliveries)
  if (!known) sinkCache.set(deliveries, (known = new Set(deliveries.map(d => d.sink))))
  return known
}

/** Operations of the workspace's loaders that get the value at one of the nodes; else those that only read it. */
function readers(facts: Facts, file: JsonFile, nodes: readonly (Node | undefined)[]): Because[] {
  const offsets = new Set(nodes.flatMap(n => (n ? [n.offset] : [])))
  if (offsets.size === 0) return []
  const places = new Map<string, Because>()
  for (const sink of sinksOf(facts))
    for (const v of [sink.groupSize, sink.bits])
      if (v?.kind === 'const' && v.config && v.config.file.path === file.path && offsets.has(v.config.offset)) {
        const because: Because = {
          path: sink.call.program.path,
          range: rangeOf(sink.call),
          message: `used by this ${sink.op}`,
        }
        places.set(JSON.stringify(because), because)
      }
  return [...places.values()].slice(0, 8)
}

function fixes(
  config: QuantizationConfig,
  copies: readonly QuantizationConfig[],
  group: readonly Contradiction[],
  served: number,
  wanted: readonly number[],
): Fix[] {
  const first = group[0] as Contradiction
  if (wanted.length !== 1) return []
  const { closest } = first.judgement
  if (group.length < served) return closest.length === 1 ? [overrideFix(config, group)] : []
  const kind = group.every(c => c.judgement.closest.length === 1) ? 'safe' : 'needs-a-look'
  return closest.flatMap(pair => {
    const changes = (['bits', 'groupSize'] as const).filter(which => pair[which] !== first.given[which])
    const edits = changes.flatMap(which => change(config, copies, first, which, pair[which]))
    const title = changes.map(which => `${key[which]} to ${pair[which]}`).join(' and ')
    return edits.length > 0 ? [{ title: `Change ${title}`, kind, edits }] : []
  })
}

/** Gives the modules that differ from the rest an entry of their own; a loader that knows no overrides is not helped. */
function overrideFix(config: QuantizationConfig, group: readonly Contradiction[]): Fix {
  const { file } = config
  let text = file.text
  for (const { module, judgement } of group)
    text = applyEdits(
      text,
      insert(
        text,
        [config.key, module.path],
        { group_size: judgement.wanted.groupSize, bits: judgement.wanted.bits },
        formatting(file, config.global.node),
      ),
    )
  return {
    title: `Add an override for ${count(group.length, 'module')}`,
    kind: 'needs-a-look',
    edits: [{ path: file.path, range: rangeIn(file, 0, file.text.length), newText: text }],
  }
}

/** Options that keep the file's way of writing: its indentation, and one line where the block stands on one. */
function formatting({ text }: JsonFile, near: Node): FormattingOptions | undefined {
  if (!text.slice(near.offset, near.offset + near.length).includes('\n')) return undefined
  const indent = /\n([ \t]+)\S/.exec(text)?.[1] ?? '  '
  return { insertSpaces: !indent.startsWith('\t'), tabSize: indent.length, eol: text.includes('\r\n') ? '\r\n' : '\n' }
}

/** jsonc-parser's edits, with a space after a comma where it leaves one out. */
const insert = (text: string, path: JSONPath, value: unknown, formattingOptions: FormattingOptions | undefined) =>
  modify(text, path, value, { formattingOptions }).map(e => ({ ...e, content: e.content.replace(/^,(?=")/, ', ') }))

/** The edits that give a parameter another value, in the copy that Hugging Face's tools read too where it says the same. */
function change(
  config: QuantizationConfig,
  copies: readonly QuantizationConfig[],
  c: Contradiction,
  which: Parameter,
  value: number,
): Edit[] {
  const node = c.block[which]?.node
  if (!node) return insertion(config, c, which, value)
  const twins = c.isOverride
    ? []
    : copies.flatMap(copy =>
        copy.global[which]?.value === c.given[which] && copy.global[which] ? [copy.global[which].node] : [],
      )
  const { file } = config
  return [node, ...twins].map(at => ({
    path: file.path,
    range: rangeIn(file, at.offset, at.offset + at.length),
    newText: String(value),
  }))
}

/** A parameter that the block leaves out is written into it. */
function insertion(
  { file, key: block }: QuantizationConfig,
  c: Contradiction,
  which: Parameter,
  value: number,
): Edit[] {
  const path = c.isOverride ? [block, c.module.path, key[which]] : [block, key[which]]
  return insert(file.text, path, value, formatting(file, c.block.node)).map(e => ({
    path: file.path,
    range: rangeIn(file, e.offset, e.offset + e.length),
    newText: e.content,
  }))
}
