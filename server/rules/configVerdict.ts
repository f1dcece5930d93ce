// What a quantization block says of one stored module, against what is stored. Judged on the tensors as stored, transposed
// ones in the orientation that fits, so that a wrong config and a wrong loader are two findings, each at its own place.

import type { Node } from 'jsonc-parser'
import type { Model } from '../checkpoint/facts'
import { modulesOf, tensorOf } from '../checkpoint/modules'
import type { TensorFamily } from '../checkpoint/tensorFamilies'
import { fittingFloatPairs, floatModes, type Pair } from '../quant/affine'
import { overrideOf, parametersOf, type ParameterBlock, type QuantizationConfig } from '../quant/config'
import { expectedWidth, withEvidence } from '../quant/dimensions'
import {
  inOrder,
  type QuantizedKind,
  type QuantizedModule,
  type StoredTensor,
  verdictOf,
} from '../quant/quantizedModules'
import { judgeParameters, type Judgement } from './parameters'

/** `mode`: the mode is another. `quantized`: said not to be quantized, but is. `packed`: given parameters, but is not. */
export type Fault = 'bits' | 'groupSize' | 'mode' | 'quantized' | 'packed'

export interface Contradiction {
  readonly path: string
  readonly stored: readonly StoredTensor[]
  readonly which: Fault
  /** What the block gives; of a module said not to be quantized, the default. */
  readonly given: Pair
  readonly givenMode: string
  readonly wantedMode: string
  /** Pairs that the tensors and the evidence allow, the closest to what is given first. */
  readonly wanted: readonly Pair[]
  readonly judgement: Judgement | undefined
  readonly block: ParameterBlock | undefined
  /** The value or block that speaks of the module. */
  readonly at: Node
  readonly isOverride: boolean
  /** The override's key as written. */
  readonly key: string | undefined
}

/** Every contradiction of one module. */
export function contradictions(model: Model, module: QuantizedModule, config: QuantizationConfig): Contradiction[] {
  const { weight, scales, biases } = module
  const isFloat = scales.family.dtype === 'U8'
  // Scales of another kind, biases beside bytes or none beside floats are no format of MLX: nothing to hold the config to.
  if (isFloat ? biases !== undefined : !biases || !/^(F16|BF16|F32)$/.test(scales.family.dtype)) return []
  const triple = tripleOf(model, module, isFloat)
  if (!triple) return []
  const override = overrideOf(config, module.path)
  const base = {
    path: module.path,
    stored: [weight, scales, ...(biases ? [biases] : [])],
    wantedMode: isFloat ? modeOf(triple.pairs[0]) : 'affine',
    key: override && String(override.keyNode.value),
  }
  const parameters = parametersOf(config, module.path)
  if (!parameters) {
    if (!override) return []
    const wanted = withEvidence(triple.pairs, triple.packedColumns, triple.width)
    const given = config.global
    const usual = { bits: given.bits?.value ?? 4, groupSize: given.groupSize?.value ?? 64 }
    const ordered = [...wanted].sort((a, b) => distance(a, usual) - distance(b, usual))
    return [
      {
        ...base,
        which: 'quantized',
        given: usual,
        givenMode: 'affine',
        wanted: ordered,
        judgement: undefined,
        block: undefined,
        at: override.node,
        isOverride: true,
      },
    ]
  }
  const { pair, mode, block, isOverride } = parameters
  const common = { ...base, given: pair, givenMode: mode, block, isOverride }
  if (mode !== base.wantedMode) {
    const all = withEvidence(triple.pairs, triple.packedColumns, triple.width)
    const wanted = [...all].sort((a, b) => distance(a, pair) - distance(b, pair))
    return [{ ...common, which: 'mode', wanted, judgement: undefined, at: block.written.mode ?? block.node }]
  }
  const judgement = judgeParameters(pair, triple)
  return (judgement?.wrong ?? []).flatMap(which => {
    // A whole block without the value stops mlx-lm before it looks at tensors: incompleteQuantization.ts.
    if (!isOverride && !block.written[which] && block.node === config.global.node) return []
    return [{ ...common, which, wanted: judgement?.closest ?? [], judgement, at: block.written[which] ?? block.node }]
  })
}

const kept = new WeakMap<readonly QuantizedKind[], { config: QuantizationConfig; found: readonly Contradiction[] }>()

/** The same for all modules of some kinds; kept with them, since nothing else decides it. */
export function contradictionsOf(
  model: Model,
  kinds: readonly QuantizedKind[],
  config: QuantizationConfig,
): readonly Contradiction[] {
  let known = kept.get(kinds)
  if (known?.config !== config) kept.set(kinds, (known = { config, found: judgeAll(model, kinds, config) }))
  return known.found
}

/**
 * All modules of some kinds, in the order in which they are stored. The experts of a layer are alike: one of
 * them tells whether the others need to be looked at, unless single experts have entries.
 */
function judgeAll(model: Model, kinds: readonly QuantizedKind[], config: QuantizationConfig): readonly Contradiction[] {
  const isNamed = [...config.overrides.keys()].some(key => key.includes(experts))
  const found = new Map<QuantizedModule, readonly Contradiction[]>()
  const judge = (module: QuantizedModule): boolean => {
    const own = contradictions(model, module, config)
    if (own.length > 0) found.set(module, own)
    return own.length > 0
  }
  for (const kind of kinds) {
    /** Widths with which modules that have no entry of their own contradict nothing. */
    const fine = new Set<number | undefined>()
    for (const { first, modules } of kind.stretches()) {
      const hasEntry = isNamed || overrideOf(config, first.path) !== undefined
      const width = hasEntry ? undefined : expectedWidth(model, first.path)?.value
      if (!hasEntry && fine.has(width)) continue
      if (!judge(first) && !hasEntry) fine.add(width)
      else for (const module of modules()) if (module.path !== first.path) judge(module)
    }
  }
  return inOrder(model, [...found.keys()]).flatMap(module => found.get(module) ?? [])
}

const experts = '.experts.'

/** Overrides that give parameters to a weight stored unpacked, without scales. */
export function* unpackedOverrides(model: Model, config: QuantizationConfig): Generator<Contradiction> {
  if (config.overrides.size === 0) return
  const modules = modulesOf(model)
  for (const [key, override] of config.overrides) {
    if ('quantized' in override && !override.quantized) continue
    const members = modules.get(key)
    const weight = members?.find(m => m.parameter === 'weight')
    if (!members || !weight || members.some(m => m.parameter !== 'weight' && m.parameter !== 'bias')) continue
    const tensor = tensorOf(weight)
    if (!/^(F16|BF16|F32)$/.test(tensor.dtype) || tensor.shape.length < 2) continue
    const block = 'quantized' in override ? config.global : override
    const parameters = parametersOf(config, key)
    yield {
      path: key,
      stored: [{ shard: weight.shard, tensor }],
      which: 'packed',
      given: parameters?.pair ?? { bits: 4, groupSize: 64 },
      givenMode: parameters?.mode ?? 'affine',
      wantedMode: 'affine',
      wanted: [],
      judgement: undefined,
      block,
      at: override.node,
      isOverride: true,
      key,
    }
  }
}

/** The columns of a matrix that its group size does not divide: the reason why it was left as it is. */
export function undivided({ stored, given }: Contradiction): number | undefined {
  const columns = stored[0]?.tensor.shape.at(-1)
  return columns !== undefined && columns % given.groupSize !== 0 ? columns : undefined
}

const distance = (p: Pair, given: Pair) => Number(p.groupSize !== given.groupSize) + Number(p.bits !== given.bits)

function modeOf(pair: Pair | undefined): string {
  const found = Object.entries(floatModes).find(([, p]) => p.bits === pair?.bits && p.groupSize === pair.groupSize)
  return found?.[0] ?? 'mxfp4'
}

function tripleOf(model: Model, module: QuantizedModule, isFloat: boolean) {
  const verdict = verdictOf(module)
  if (verdict.kind !== 'fits' && verdict.kind !== 'turned') return undefined
  const last = ({ shape }: TensorFamily, isTurned: boolean) => shape[shape.length - (isTurned ? 2 : 1)] ?? 0
  const turned = verdict.kind === 'turned' ? verdict.turned : undefined
  const packedColumns = last(module.weight.family, turned?.weight === true)
  const groups = last(module.scales.family, turned?.scales === true)
  return {
    pairs: isFloat ? fittingFloatPairs(packedColumns, groups) : verdict.pairs,
    packedColumns,
    groups,
    width: expectedWidth(model, module.path),
  }
}
