// Whole numbers where floats belong: scales or biases of a packed weight, a norm, or a tensor whose like in the other layers
// are floats. MLX computes with them without a word (`mx.dequantize` takes scales of any dtype, 0.32.4), and what was
// rounded away when they were stored is gone.

import type { Model, Shard } from '../checkpoint/facts'
import { type ModuleKind, moduleKinds } from '../checkpoint/moduleKinds'
import type { TensorFamily } from '../checkpoint/tensorFamilies'
import type { Severity } from '../protocol'
import { defineRule, type Draft, eachModel } from './rule'
import { becauseTensor, count, fileStart, foldNames } from './show'

export const integerTensor = defineRule({
  id: 'integer-tensor',
  severity: 'error',
  title: 'Whole numbers where floats belong',
  check: eachModel(function* (model) {
    yield* check(model)
    yield* checkOthers(model)
  }),
})

/** U8 is left out: scales of the floating-point modes are U8, and so is what several formats pack. */
const isWhole = (dtype: string): boolean => /^([IU](16|32|64)|I8|BOOL)$/.test(dtype)
const isFloat = (dtype: string): boolean => /^(F16|BF16|F32|F64)$/.test(dtype)

/** Members that say that a weight of whole numbers is packed or rounded on purpose, by any format. */
const marks = 'scales scale weight_scale weight_scale_inv input_scale absmax SCB qzeros zeros zero_point g_idx'.split(
  ' ',
)

interface Placed {
  readonly shard: Shard
  readonly family: TensorFamily
}

function* check(model: Model): Iterable<Draft> {
  if (!moduleKinds(model).some(isSuspect)) return
  let floats: ReadonlyMap<string, Placed> | undefined
  for (const shard of model.shards)
    for (const family of shard.tensors.families()) {
      const [, base, member] = /^(.*\.)?(weight|bias|scales|biases)$/.exec(family.sample) ?? []
      if (member === undefined || !isWhole(family.dtype)) continue
      if (member === 'scales' || member === 'biases') {
        const weight = shard.tensors.find(`${base ?? ''}weight`)
        if (weight?.dtype === 'U32')
          yield draft(shard, family, 'error', `MLX computes ${member} of a packed weight as they are stored`)
        continue
      }
      if (member === 'weight' && isMarked(model, base ?? '')) continue
      if (member === 'weight' && family.shape.length === 1 && /norm/i.test(base ?? '')) {
        yield draft(shard, family, 'error', 'a norm scales by floats')
        continue
      }
      const like = (floats ??= floatsOf(model)).get(family.pattern)
      if (like) yield draft(shard, family, 'warning', 'its like are floats', like)
      else if (member === 'bias' && family.shape.length === 1 && isFloat(dtypeAt(model, `${base ?? ''}weight`)))
        yield draft(shard, family, 'warning', 'its weight is of floats')
    }
}

const dtypeAt = (model: Model, name: string): string => {
  for (const { tensors } of model.shards) {
    const found = tensors.find(name)
    if (found) return found.dtype
  }
  return ''
}

/** Parts of a weight that is normalized, and of recurrent layers: no format packs them. */
const neverPacked = /(^|\.)(weight_[gv]|(weight|bias)_[ih]h_l\d+(_reverse)?)$/

const membersAbove = /(^|\.)(weight|bias|scales|biases)$/

/** Tensors of any other name: of the shape of their like, which are floats, and with no mark of another format beside them. */
function* checkOthers(model: Model): Iterable<Draft> {
  let floats: ReadonlyMap<string, Placed> | undefined
  for (const shard of model.shards)
    for (const family of shard.tensors.families()) {
      if (!isWhole(family.dtype) || membersAbove.test(family.pattern)) continue
      if (neverPacked.test(family.sample)) {
        yield draft(shard, family, 'warning', 'no format keeps it in whole numbers')
        continue
      }
      if (!family.pattern.includes('#')) continue
      const like = (floats ??= floatsOf(model)).get(family.pattern)
      if (!like || like.family.shape.join() !== family.shape.join()) continue
      if (!isMarked(model, family.sample.slice(0, family.sample.lastIndexOf('.') + 1)))
        yield draft(shard, family, 'warning', 'its like are floats', like)
    }
}

/** Whether modules have whole numbers that no mark beside them explains: so that others cost no look-up. */
function isSuspect({ members }: ModuleKind): boolean {
  const isAny = (parameter: string) => isWhole(members.get(parameter)?.dtype ?? '')
  const isRounded = isAny('weight') && !marks.some(mark => members.has(mark))
  return isRounded || isAny('bias') || isAny('scales') || isAny('biases')
}

/** Families of floats by what their names have in common. */
const floatsOf = (model: Model): ReadonlyMap<string, Placed> =>
  new Map(
    model.shards.flatMap(shard =>
      shard.tensors
        .families()
        .flatMap(family => (isFloat(family.dtype) ? [[family.pattern, { shard, family }] as const] : [])),
    ),
  )

const isMarked = (model: Model, base: string): boolean =>
  marks.some(mark => model.shards.some(({ tensors }) => tensors.find(base + mark) !== undefined))

function draft(shard: Shard, family: TensorFamily, severity: Severity, why: string, like?: Placed): Draft {
  const names = () => Array.from(family.rows, row => shard.tensors.nameAt(row))
  const some = Array.from(family.rows.subarray(0, 500), row => shard.tensors.nameAt(row))
  const other = like?.shard.tensors.find(like.family.sample)
  return {
    path: shard.path,
    range: fileStart,
    severity,
    message: `${foldNames(some)} ${family.count === 1 ? 'is' : 'are'} ${family.dtype}; expected floats: ${why}; ${count(family.count, 'tensor')}, and no loader stops at ${family.count === 1 ? 'it' : 'them'}`,
    tensors: names,
    because:
      like && other ? [becauseTensor({ shard: like.shard, tensor: other }, `${other.name} is ${other.dtype}`)] : [],
  }
}
