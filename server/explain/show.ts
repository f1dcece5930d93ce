// How a weight is written down in an analysis: its tensors with dtype and shape, the arithmetic that fixes bits × group
// size, and groups of modules that look alike, so that forty layers are one line.

import { showPair, showPairs } from '../quant/affine'
import { groupBy } from '../util/groupBy'
import { baseName, foldNames, showShape, showTensor } from '../rules/show'
import { storedTriple, type Triple, verdictOf, type WeightFacts } from './dossier'
import { code } from './markdown'

/** `weight` U32 [72, 576] and `scales`, `biases` F16 [9, 576]. */
export function storedShapes({ weight, scales, biases }: WeightFacts): string {
  const same = biases && showTensor(biases.tensor) === showTensor(scales.tensor)
  const side = same
    ? `${code('scales')} and ${code('biases')} ${showTensor(scales.tensor)}`
    : `${code('scales')} ${showTensor(scales.tensor)}${biases ? `, ${code('biases')} ${showTensor(biases.tensor)}` : ', no biases'}`
  return `${code('weight')} ${showTensor(weight.tensor)}, ${side}`
}

/** The pairs that shapes allow, how many bits that is, and what picks one: "72 × 32 / 9 = 256 = bits × group size: …". */
export function arithmetic(triple: Triple): string {
  const { packedColumns, groups, pairs, likely, width } = triple
  const product = (packedColumns * 32) / groups
  const sum = `${packedColumns} words × 32 bits / ${groups} groups = ${product} = bits × group size`
  if (pairs.length === 1) return `${sum}, which is ${showPairs(pairs)} and nothing else`
  if (likely.length < pairs.length)
    return `${sum}, which is ${showPairs(pairs)}; ${width?.why ?? 'other evidence'}, so ${showPairs(likely)}`
  const open = width
    ? `; ${width.why}, which none of them gives`
    : '; nothing outside the module says how wide it is, so the shapes leave it open'
  return `${sum}, which is ${showPairs(pairs)}${open}`
}

export const readings = (triple: Triple): string => triple.likely.map(showPair).join(' or ')

/** Module paths with layers and siblings folded: `model.layers.0-3.self_attn.{q_proj, k_proj}`, `lm_head`. */
export function moduleList(weights: readonly { readonly module: string }[], most = 6): string {
  const siblings = groupBy(
    weights.map(w => w.module),
    module => module.slice(0, module.lastIndexOf('.') + 1),
  )
  // Parents that have the same children are folded together: all layers at once.
  const parents = groupBy(siblings, ([, modules]) => [...new Set(modules.map(lastPart))].join(', '))
  const shown = [...parents].flatMap(([children, group]) =>
    foldNames(
      group.map(([parent]) => parent),
      Number.MAX_SAFE_INTEGER,
    )
      .split(', ')
      .map(parent => `${parent}${children.includes(', ') ? `{${children}}` : children}`),
  )
  const more = shown.length - most
  return `${shown.slice(0, most).map(code).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

const lastPart = (module: string): string => module.slice(module.lastIndexOf('.') + 1)

/** Weights that differ in nothing but numbers in their names, each group with all its members. */
export function alike(weights: readonly WeightFacts[]): readonly (readonly [WeightFacts, ...WeightFacts[]])[] {
  const groups = groupBy(weights, w =>
    [
      w.model.path,
      w.module.replace(/(^|\.)\d+(?=\.|$)/g, '$1#'),
      ...[w.weight, w.scales, w.biases].map(t => (t ? showTensor(t.tensor) : '')),
      verdictOf(w).kind,
      JSON.stringify(w.deliveries[0]?.weight.shape ?? 0),
    ].join('\0'),
  )
  return [...groups.values()].flatMap(([first, ...rest]) => (first ? [[first, ...rest] as const] : []))
}

/** One weight of each group of shapes: what an explanation shows instead of all. */
export function examples(weights: readonly WeightFacts[], most: number): readonly WeightFacts[] {
  const seen = new Map<string, WeightFacts>()
  for (const w of weights) {
    const key = `${showShape(w.weight.tensor.shape)}${showShape(w.scales.tensor.shape)}`
    if (!seen.has(key)) seen.set(key, w)
    if (seen.size >= most) break
  }
  return [...seen.values()]
}

/** `rank_0/model.safetensors`, told apart from the same name in other folders. */
export const tripleOrNothing = (w: WeightFacts): string => {
  const triple = storedTriple(w)
  return triple ? arithmetic(triple) : `no bits and group size of MLX fit in either orientation`
}

export const shardName = (w: WeightFacts): string => baseName(w.weight.shard.path)
