// config.json says of a module's quantization what the stored tensors contradict: bits, group size, mode, or whether it is
// quantized at all. One finding for each value that is wrong, with every module that it is wrong for.

import type { JsonFile, Model } from '../checkpoint/facts'
import type { Because, Edit, Fix } from '../protocol'
import { type Pair, showPair, showPairs } from '../quant/affine'
import {
  type ConfigNumber,
  overrideOf,
  type ParameterBlock,
  quantizationConfigs,
  type QuantizationConfig,
} from '../quant/config'
import { inOrder, type QuantizedKind, quantizedKinds, type QuantizedModule } from '../quant/quantizedModules'
import { groupBy } from '../util/groupBy'
import { type Change, replaceNode, rewrite } from './configEdits'
import { isLeftOut, isLoadersOwn, readers, severityFor } from './configHarm'
import { meantConfig } from './configOverrides'
import { type Contradiction, contradictions, contradictionsOf, undivided, unpackedOverrides } from './configVerdict'
import { showExpected } from './parameters'
import { defineRule, type Draft, type Facts } from './rule'
import { count, fileStart, foldNames, rangeIn, showTensor } from './show'

type Group = readonly [Contradiction, ...Contradiction[]]

const key = { groupSize: 'group_size', bits: 'bits', mode: 'mode' } as const

export const contradictoryConfig = defineRule({
  id: 'contradictory-quantization-config',
  severity: 'error',
  title: 'config.json contradicts the stored tensors',
  *check(facts) {
    for (const model of facts.models)
      for (const file of model.configs) {
        const [stated, ...copies] = ordered(quantizationConfigs(file), file, facts)
        if (!stated) continue
        // An entry under a wrong name is a finding of its own; here it counts as meant.
        const config = meantConfig(model, stated)
        const kinds = kindsUnder(model, file)
        // No packed weight at all is told once, as a leftover block.
        if (kinds.length === 0 || isLoadersOwn(facts, model, stated)) continue
        const found = [...contradictionsOf(model, kinds, config), ...unpackedOverrides(model, config)]
        if (found.length === 0) continue
        const modules = inOrder(
          model,
          kinds.flatMap(kind => kind.modules()),
        )
        for (const group of groupBy(found, c => `${c.at.offset} ${c.which}`).values())
          yield draft({ facts, model, config, stated, copies, modules }, group as unknown as Group)
      }
  },
})

interface Where {
  readonly facts: Facts
  readonly model: Model
  readonly config: QuantizationConfig
  /** The block as it is written: an entry under a wrong name is nobody's there. */
  readonly stated: QuantizationConfig
  readonly copies: readonly QuantizationConfig[]
  readonly modules: readonly QuantizedModule[]
}

/** The block that a loader in the workspace reads first, else the one that MLX's own loaders read. */
function ordered(configs: readonly QuantizationConfig[], file: JsonFile, facts: Facts): readonly QuantizationConfig[] {
  const read = (c: QuantizationConfig) =>
    readers(facts, file, [c.global.groupSize?.node, c.global.bits?.node]).length > 0
  return [...configs].sort((a, b) => Number(read(b)) - Number(read(a)))
}

/** A config in a folder of its own speaks of the shards there; any other of all. */
function kindsUnder(model: Model, file: JsonFile): readonly QuantizedKind[] {
  const all = quantizedKinds(model)
  if (model.configs.length === 1) return all
  const folder = file.path.slice(0, -'config.json'.length)
  const own = all.filter(kind => `${kind.folder}/`.startsWith(folder))
  return own.length > 0 ? own : all
}

function draft(where: Where, group: Group): Draft {
  const { facts, model, config, modules } = where
  const [first] = group
  const names = [...new Set(group.flatMap(c => c.stored.map(t => t.tensor.name)))]
  const isLost = first.isOverride && first.which !== 'packed' && !overrideOf(where.stated, first.path)
  const served = first.isOverride ? group.length : modules.filter(m => !overrideOf(config, m.path)).length
  const places = readers(facts, config.file, [first.at])
  const modulesText = `${group.length < served ? `${group.length} of ${served} modules` : count(group.length, 'module')}, ${foldNames(group.map(c => c.path))}`
  const silent = first.judgement?.silent
    ? `; MLX takes ${showPair(first.given)} without an error and decodes another width`
    : ''
  const hurts =
    places.length > 0 ? '' : `; ${isLost ? 'no loader finds the entry under its name' : whoIsHurt(first.isOverride)}`
  return {
    path: config.file.path,
    range: rangeIn(config.file, first.at.offset, first.at.offset + first.at.length),
    severity:
      places.length > 0
        ? 'error'
        : isLost || isLeftOut(facts, model, names)
          ? 'information'
          : severityFor(facts, model, first.isOverride),
    message: `${said(first)}; ${stored(group)}; ${modulesText}${silent}${hurts}`,
    tensors: names,
    because: [
      ...first.stored.slice(0, 2).map((t): Because => ({
        path: t.shard.path,
        range: fileStart,
        message: `${t.tensor.name} is stored ${showTensor(t.tensor)}`,
        tensor: t.tensor.name,
      })),
      ...places,
    ],
    fixes: fixes(where, group, served),
  }
}

/** What the config says. */
function said({ which, given, givenMode, block, key: name }: Contradiction): string {
  switch (which) {
    case 'quantized':
      return `${name} is said not to be quantized`
    case 'packed':
      return `${name} is said to be ${showPair(given)}`
    case 'mode':
      return block?.written.mode ? `mode is ${givenMode}` : `mode is missing here, so it is ${givenMode}`
    default: {
      const written = block?.written[which]
      const isNull = written?.type === 'null'
      return written && !isNull
        ? `${key[which]} is ${given[which]}`
        : `${key[which]} is ${isNull ? 'null' : 'missing'} here, so it is ${given[which]}`
    }
  }
}

/** What the tensors say, and the evidence. */
function stored(group: Group): string {
  const [first] = group
  const [weight, scales] = first.stored.map(t => t.tensor)
  if (!weight) return ''
  if (first.which === 'packed') {
    const odd = undivided(first)
    const why =
      odd === undefined ? '' : `, whose ${odd} columns are no whole number of groups of ${first.given.groupSize}`
    return `it is stored ${showTensor(weight)} without scales${why}`
  }
  if (!scales) return ''
  const triple = `weight ${showTensor(weight)} with scales ${showTensor(scales)}`
  const biases = first.wantedMode === 'affine' ? ' and biases' : ' and no biases'
  if (first.which === 'quantized') return `it is stored packed: ${triple}`
  if (first.which === 'mode') {
    const pairs = first.wantedMode === 'affine' ? ` ${showPairs(first.wanted)}` : ''
    return `the tensors are ${first.wantedMode}${pairs}: ${first.path}: ${triple}${biases}`
  }
  const { which, judgement } = first
  const judgements = group.flatMap(c => (c.judgement ? [c.judgement] : []))
  const wanted = [...new Set(judgements.map(j => j.wanted[which]))]
  const width = judgement?.width ? `, ${judgement.width.why}` : ''
  return `the tensors ${showExpected(wanted, judgements)}: ${first.path}: ${triple} is ${showPairs(judgement?.pairs ?? [])}${width}`
}

/** mlx-lm infers the parameters of modules that the block does not name since 0.32; others read the block itself. */
const whoIsHurt = (isOverride: boolean) =>
  isOverride
    ? 'no loader in the workspace uses it, but every version of mlx-lm does, and refuses the weights'
    : 'no loader in the workspace uses it; mlx-lm before 0.32, mlx-vlm and MLX Swift do, mlx-lm from 0.32 infers it from the tensors'

function fixes(where: Where, group: Group, served: number): Fix[] {
  const { config, copies } = where
  const [first] = group
  const { file } = config
  if (first.which === 'packed') {
    const changes = [config, ...copies].flatMap((block): Change[] =>
      first.key !== undefined && block.overrides.has(first.key)
        ? [{ path: [...block.path, first.key], value: undefined }]
        : [],
    )
    return [
      { title: `Remove the entry of ${first.key}`, kind: 'safe', edits: [rewrite(file, config.global.node, changes)] },
    ]
  }
  if (first.which === 'quantized')
    return first.wanted.map(pair => ({
      title: `Write ${showPair(pair)} for ${first.key}`,
      kind: first.wanted.length === 1 ? 'safe' : 'needs-a-look',
      edits: [
        replaceNode(file, first.at, JSON.stringify(parametersText(pair, first.wantedMode)).replace(/([:,])/g, '$1 ')),
      ],
    }))
  // One value must suit them all: modules whose width is known settle it for those of which nothing tells.
  const readings = sharedReadings(group)
  const [most] = readings
  const isForAll = most !== undefined && agree(group) && (group.length === served || restFits(where, group, most))
  if (!isForAll) return group.length < served && isSure(group) ? [overrideFix(where, group)] : []
  const kind = readings.length === 1 && group.length === served ? 'safe' : 'needs-a-look'
  return readings.flatMap(pair => {
    const change = changeBlock(where, first, pair)
    const title = change && readings.length > 1 ? `${change.title}, for ${showPair(pair)}` : change?.title
    return change && title !== undefined ? [{ ...change, title, kind }] : []
  })
}

/** Pairs that every module of the group could mean. */
function sharedReadings(group: Group): readonly Pair[] {
  const isIn = (pair: Pair, c: Contradiction) =>
    closest(c).some(p => p.bits === pair.bits && p.groupSize === pair.groupSize)
  return closest(group[0]).filter(pair => group.every(c => isIn(pair, c)))
}

const agree = (group: Group) => group.every(c => c.wantedMode === group[0].wantedMode)

/** Whether the block's other modules, which the present values fit, take the new ones as well. */
function restFits({ model, config, modules }: Where, group: Group, pair: Pair): boolean {
  const [first] = group
  if (first.isOverride || !first.block) return false
  const wrong = new Set(group.map(c => c.path))
  const written = (value: number): ConfigNumber => ({ value, node: first.at })
  const global: ParameterBlock = {
    ...first.block,
    mode: first.wantedMode,
    bits: written(pair.bits),
    groupSize: written(pair.groupSize),
  }
  return modules
    .filter(m => !wrong.has(m.path) && !overrideOf(config, m.path))
    .every(m => contradictions(model, m, { ...config, global }).length === 0)
}

/** Readings that are equally close to what the config says. */
function closest({ which, wanted, judgement, given }: Contradiction): readonly Pair[] {
  if (which !== 'mode') return judgement?.closest ?? []
  const same = wanted.filter(p => p.bits === given.bits && p.groupSize === given.groupSize)
  return same.length > 0 ? same : wanted
}

const isSure = (group: Group) => group.every(c => closest(c).length === 1)

const parametersText = (pair: Pair, mode: string) => ({
  group_size: pair.groupSize,
  bits: pair.bits,
  ...(mode === 'affine' ? {} : { mode }),
})

/** Gives the modules that differ from the rest an entry of their own; a loader that knows no overrides is not helped. */
function overrideFix({ config, copies }: Where, group: Group): Fix {
  const blocks = [config, ...copies.filter(copy => copy.path.length === 1)]
  const changes = blocks.flatMap(block =>
    group.map((c): Change => {
      const [pair] = closest(c)
      return { path: [...block.path, c.path], value: parametersText(pair ?? c.given, c.wantedMode) }
    }),
  )
  return {
    title: `Add an override for ${count(group.length, 'module')}`,
    kind: 'needs-a-look',
    edits: [rewrite(config.file, config.global.node, changes)],
  }
}

/** Gives a block other values, in the copy that Hugging Face's tools read too where it says the same. */
function changeBlock({ config, copies }: Where, c: Contradiction, pair: Pair): Omit<Fix, 'kind'> | undefined {
  const { block, given, givenMode, wantedMode } = c
  if (!block) return undefined
  const values: readonly (readonly ['mode' | 'bits' | 'groupSize', number | string])[] = [
    ...(givenMode === wantedMode ? [] : [['mode', wantedMode] as const]),
    ...(pair.bits === given.bits ? [] : [['bits', pair.bits] as const]),
    ...(pair.groupSize === given.groupSize ? [] : [['groupSize', pair.groupSize] as const]),
  ]
  if (values.length === 0) return undefined
  const twins = copies.flatMap(copy => {
    const other = c.key === undefined || !c.isOverride ? copy.global : copy.overrides.get(c.key)
    return other && !('quantized' in other) ? [{ copy, other }] : []
  })
  const edits: Edit[] = []
  const changes: Change[] = []
  for (const [which, value] of values) {
    const node = block.written[which]
    const sub = c.isOverride && c.key !== undefined ? [c.key] : []
    changes.push({ path: [...config.path, ...sub, key[which]], value })
    if (node) edits.push(replaceNode(config.file, node, JSON.stringify(value)))
    for (const { copy, other } of twins) {
      const twin = other.written[which]
      if (twin?.type !== node?.type || twin?.value !== node?.value) continue
      changes.push({ path: [...copy.path, ...sub, key[which]], value })
      if (twin) edits.push(replaceNode(config.file, twin, JSON.stringify(value)))
    }
  }
  return {
    title: `Change ${values.map(([which, value]) => `${key[which]} to ${value}`).join(' and ')}`,
    edits: edits.length === changes.length ? edits : [rewrite(config.file, block.node, changes)],
  }
}
