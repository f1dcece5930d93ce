// What a quantization block says of one stored module, against what is stored. Judged on the tensors as stored, transposed
// ones in the orientation that fits, so that a wrong config and a wrong loader are two findings, each at its own place.

import type { Node } from 'jsonc-parser'
import type { Model, Tensor } from '../checkpoint/facts'
import { modulesOf, tensorOf } from '../checkpoint/modules'
import { fittingFloatPairs, floatModes, type Pair } from '../quant/affine'
import { overrideOf, parametersOf, type ParameterBlock, type QuantizationConfig } from '../quant/config'
import { expectedWidth, withEvidence } from '../quant/dimensions'
import type { QuantizedModule, StoredTensor } from '../quant/quantizedModules'
import { judgeTriple } from '../quant/triple'
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
  const isFloat = scales.tensor.dtype === 'U8'
  // Scales of another kind, or floating-point scales with biases, are no format of MLX: nothing to hold the config to.
  if (isFloat ? biases !== undefined : !/^(F16|BF16|F32)$/.test(scales.tensor.dtype)) return []
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

/**
 * The same for many modules. Experts of one layer with the same shapes are alike, so that one of them tells whether the
 * others need to be looked at.
 */
export function contradictionsOf(
  model: Model,
  modules: readonly QuantizedModule[],
  config: QuantizationConfig,
): Contradiction[] {
  const judged = new Map<string, { readonly module: QuantizedModule; readonly isSound: boolean }[]>()
  return modules.flatMap(module => {
    const { path } = module
    const expert = path.indexOf('.experts.')
    if (expert < 0) return contradictions(model, module, config)
    const id = path.slice(0, expert) + path.slice(path.lastIndexOf('.'))
    const known = judged.get(id)
    if (known?.some(other => other.isSound && isAlike(other.module, module)) && !config.overrides.has(path)) return []
    const found = contradictions(model, module, config)
    const entry = { module, isSound: found.length === 0 }
    if (known) known.push(entry)
    else judged.set(id, [entry])
    return found
  })
}

function isAlike(a: QuantizedModule, b: QuantizedModule): boolean {
  const same = (x: StoredTensor | undefined, y: StoredTensor | undefined) =>
    x?.tensor.dtype === y?.tensor.dtype &&
    x?.tensor.shape.length === y?.tensor.shape.length &&
    (x?.tensor.shape.every((size, i) => size === y?.tensor.shape[i]) ?? true)
  return same(a.weight, b.weight) && same(a.scales, b.scales) && same(a.biases, b.biases)
}

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

function tripleOf(model: Model, { path, weight, scales, biases }: QuantizedModule, isFloat: boolean) {
  const verdict = judgeTriple({
    weight: weight.tensor.shape,
    scales: scales.tensor.shape,
    biases: biases?.tensor.shape,
    float: isFloat,
  })
  if (verdict.kind !== 'fits' && verdict.kind !== 'turned') return undefined
  const last = ({ shape }: Tensor, isTurned: boolean) => shape[shape.length - (isTurned ? 2 : 1)] ?? 0
  const turned = verdict.kind === 'turned' ? verdict.turned : undefined
  const packedColumns = last(weight.tensor, turned?.weight === true)
  const groups = last(scales.tensor, turned?.scales === true)
  return {
    pairs: isFloat ? fittingFloatPairs(packedColumns, groups) : verdict.pairs,
    packedColumns,
    groups,
    width: expectedWidth(model, path),
  }
}
