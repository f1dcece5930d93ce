// What "Verify Dequantize" decodes: every quantized module of a model as the programs deliver it, or as its config
// would where no program does, and once more as it would arrive after the fixes.

import type { Model } from '../checkpoint/facts'
import type { Arrived, Delivery } from '../interp/deliveries'
import type { ArrayOp, DeliveredTensor, DequantizeJob, VerifyItem } from '../protocol'
import type { Pair } from '../quant/affine'
import { floatModes } from '../quant/affine'
import { parametersOf, quantizationConfigs } from '../quant/config'
import { expectedWidth, withEvidence } from '../quant/dimensions'
import { type QuantizedModule, quantizedModules } from '../quant/quantizedModules'
import { judgeTriple, type Turned, type Verdict } from '../quant/triple'
import { passed, tripleOf } from '../rules/parameters'
import { judged } from '../rules/sites'
import { groupBy } from '../util/groupBy'

/** One item for each quantized module, in the order in which the shards hold them. */
export function verifyItems(model: Model, deliveries: readonly Delivery[]): readonly VerifyItem[] {
  const key = (shard: string, name: string) => `${shard}\0${name}`
  const delivered = groupBy(
    judged(deliveries).filter(d => d.model === model && d.sink.op !== 'save_safetensors'),
    d => key(d.weight.shard.path, d.weight.tensor.name),
  )
  const items: VerifyItem[] = []
  for (const module of quantizedModules(model)) {
    const id = key(module.weight.shard.path, module.weight.tensor.name)
    const group = delivered.get(id)
    delivered.delete(id)
    items.push(group && !isPart(group) ? asDelivered(group) : asConfigured(model, module))
  }
  for (const group of delivered.values()) items.push(asDelivered(group))
  return items
}

/** Rows of an embedding that are looked up, and nothing else of it: the whole is stored as it is decoded. */
const isPart = (group: readonly Delivery[]): boolean =>
  group.every(
    ({ weight, scales, biases, verdict }) =>
      verdict.kind === 'fits' &&
      [weight, scales, biases].every(t => !t || t.ops === undefined) &&
      judgeTriple({
        weight: weight.tensor.shape,
        scales: scales.tensor.shape,
        biases: biases?.tensor.shape,
        float: scales.tensor.dtype === 'U8',
      }).kind === 'fits',
  )

/** Where several programs load a module, the one that fails is what people want to see. */
function asDelivered(group: readonly Delivery[]): VerifyItem {
  const d = group.find(x => x.verdict.kind !== 'fits') ?? group.find(x => !agrees(x)) ?? (group[0] as Delivery)
  const item = { module: d.module, path: d.weight.shard.path }
  const config = d.model.configs[0] && quantizationConfigs(d.model.configs[0])[0]
  const fromConfig = config && parametersOf(config, d.module)?.pair
  const wanted = wantedPair(d)
  const pair: Partial<Pair> = {
    groupSize: passed(d.sink, 'groupSize').value ?? fromConfig?.groupSize ?? wanted?.groupSize,
    bits: passed(d.sink, 'bits').value ?? fromConfig?.bits ?? wanted?.bits,
  }
  const members = [d.weight, d.scales, d.biases]
  if (members.some(t => t && !t.ops))
    return { ...item, skipped: 'the loader changes the tensors in a way that is not followed' }
  if (pair.groupSize === undefined || pair.bits === undefined)
    return { ...item, skipped: 'the group size and bits that the loader passes are not known' }
  const mode = modeOf(d)
  const job = jobOf(d.weight, d.scales, d.biases, { groupSize: pair.groupSize, bits: pair.bits }, mode)
  return { ...item, job, afterFix: fixed(job, d.verdict, wanted) }
}

const agrees = (d: Delivery) => {
  const wanted = wantedPair(d)
  return (
    wanted !== undefined &&
    passed(d.sink, 'groupSize').value === wanted.groupSize &&
    passed(d.sink, 'bits').value === wanted.bits
  )
}

function wantedPair(d: Delivery): Pair | undefined {
  const triple = tripleOf(d)
  if (!triple) return undefined
  const pairs = withEvidence(triple.pairs, triple.packedColumns, triple.width)
  const given = { groupSize: passed(d.sink, 'groupSize').value, bits: passed(d.sink, 'bits').value }
  return closest(pairs, given)
}

function closest(pairs: readonly Pair[], given: { groupSize?: number; bits?: number }): Pair | undefined {
  const distance = (p: Pair) => Number(p.groupSize !== given.groupSize) + Number(p.bits !== given.bits)
  return [...pairs].sort((a, b) => distance(a) - distance(b))[0]
}

function modeOf(d: Delivery): string {
  const mode = d.sink.mode
  return mode?.kind === 'const' && typeof mode.value === 'string' ? mode.value : 'affine'
}

function asConfigured(model: Model, module: QuantizedModule): VerifyItem {
  const { weight, scales, biases } = module
  const item = { module: module.path, path: weight.shard.path }
  const isFloat = scales.tensor.dtype === 'U8'
  const verdict = judgeTriple({
    weight: weight.tensor.shape,
    scales: scales.tensor.shape,
    biases: biases?.tensor.shape,
    float: isFloat,
  })
  const pairs = verdict.kind === 'fits' || verdict.kind === 'turned' ? verdict.pairs : []
  const file =
    model.configs.find(c => weight.shard.path.startsWith(c.path.slice(0, -'config.json'.length))) ?? model.configs[0]
  const config = file && quantizationConfigs(file)[0]
  const parameters = config && parametersOf(config, module.path)
  const columns =
    weight.tensor.shape[weight.tensor.shape.length - (verdict.kind === 'turned' && verdict.turned.weight ? 2 : 1)] ?? 0
  const wanted = closest(withEvidence(pairs, columns, expectedWidth(model, module.path)), parameters?.pair ?? {})
  const pair = parameters?.pair ?? wanted
  if (!pair)
    return { ...item, skipped: 'no config says the bits and group size, and no pair of MLX fits the stored shapes' }
  const mode = isFloat
    ? parameters && parameters.mode !== 'affine'
      ? parameters.mode
      : floatMode(pair)
    : (parameters?.mode ?? 'affine')
  const arrive = (t: QuantizedModule['weight']): Arrived => ({
    shard: t.shard,
    tensor: t.tensor,
    shape: t.tensor.shape,
    dtype: t.tensor.dtype,
    ops: [],
  })
  const job = jobOf(arrive(weight), arrive(scales), biases && arrive(biases), pair, mode)
  return { ...item, job, afterFix: fixed(job, verdict, wanted) }
}

/** The floating-point mode of a pair; mxfp4 where none is that pair's. */
function floatMode(pair: Pair): string {
  const found = Object.entries(floatModes).find(([, p]) => p.bits === pair.bits && p.groupSize === pair.groupSize)
  return found?.[0] ?? 'mxfp4'
}

function jobOf(weight: Arrived, scales: Arrived, biases: Arrived | undefined, pair: Pair, mode: string): DequantizeJob {
  return {
    weight: deliveredTensor(weight),
    scales: deliveredTensor(scales),
    biases: biases && deliveredTensor(biases),
    groupSize: pair.groupSize,
    bits: pair.bits,
    mode,
  }
}

function deliveredTensor({ tensor, shard, ops }: Arrived): DeliveredTensor {
  const { name, dtype, shape, beginBytes, endBytes } = tensor
  return { name, path: shard.path, dtype, shape, beginBytes, endBytes, ops: ops ?? [] }
}

/** The job after the proposed fixes; undefined where there is nothing to fix or no fix is known. */
function fixed(job: DequantizeJob, verdict: Verdict, wanted: Pair | undefined): DequantizeJob | undefined {
  if (!wanted || (verdict.kind !== 'fits' && verdict.kind !== 'turned')) return undefined
  const turned: Turned = verdict.kind === 'turned' ? verdict.turned : { weight: false, scales: false, biases: false }
  const same = verdict.kind === 'fits' && wanted.bits === job.bits && wanted.groupSize === job.groupSize
  if (same) return undefined
  return {
    ...job,
    weight: turned.weight ? turnedBack(job.weight) : job.weight,
    scales: turned.scales ? turnedBack(job.scales) : job.scales,
    biases: job.biases && (turned.biases ? turnedBack(job.biases) : job.biases),
    groupSize: wanted.groupSize,
    bits: wanted.bits,
  }
}

/** Adds what the fix adds: a transpose and a contiguous copy. */
function turnedBack(tensor: DeliveredTensor): DeliveredTensor {
  const rank = tensor.shape.length
  const axes = Array.from({ length: rank }, (_, i) => i)
  const ops: ArrayOp[] = [
    ...tensor.ops,
    { op: 'transpose', axes: [...axes.slice(0, -2), rank - 1, rank - 2] },
    { op: 'contiguous' },
  ]
  return { ...tensor, ops }
}
