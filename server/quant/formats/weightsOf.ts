// The weights of a module. Mostly a module has one, but stacked experts keep several beside one another, with the member
// behind the weight's own name: `gate_up_proj_blocks`, `down_proj_scale_inv`, `down_proj_weight_scale_2`. Here each gets
// its members under the names that they have elsewhere, so that a format need know them under one name only.

import type { Members, StoredMember } from './format'

export interface NamedWeight {
  /** Name of the weight inside the module; empty where the module is the weight. */
  readonly stem: string
  readonly members: Members
}

/** Tail of a parameter's name → the member that it is. */
const tails: readonly (readonly [string, string])[] = [
  ['_weight_scale_2', 'weight_scale_2'],
  ['_weight_scale_inv', 'weight_scale_inv'],
  ['_weight_scale', 'weight_scale'],
  ['_weight_packed', 'weight_packed'],
  ['_weight_global_scale', 'weight_global_scale'],
  ['_scale_inv', 'weight_scale_inv'],
  ['_blocks', 'blocks'],
  ['_scales', 'scales'],
]
/** Members by which a weight of its own is known: `gate_up_proj_blocks` is one, `weight_scales` of EETQ is not. */
const marks: ReadonlySet<string> = new Set(['_blocks', '_scale_inv', '_weight_scale', '_weight_scale_inv'])

/** The weights among the parameters of one module; parameters that belong to none form the module's own. */
export function weightsOf(parameters: ReadonlyMap<string, StoredMember>): readonly NamedWeight[] {
  const stems = new Set<string>()
  for (const name of parameters.keys())
    for (const [tail] of tails)
      if (marks.has(tail) && name.length > tail.length && name.endsWith(tail)) {
        const stem = name.slice(0, -tail.length)
        const isWeight = stem !== 'weight' && (parameters.has(stem) || parameters.has(`${stem}_scales`))
        if (isWeight) stems.add(stem)
        break
      }
  if (stems.size === 0) return [{ stem: '', members: parameters }]
  const own = new Map<string, StoredMember>()
  const weights = new Map([...stems].map(stem => [stem, new Map<string, StoredMember>()] as const))
  for (const [name, each] of parameters) {
    const stem = [...stems].find(prefix => name === prefix || name.startsWith(`${prefix}_`))
    if (stem === undefined) own.set(name, each)
    else weights.get(stem)?.set(memberName(name, stem), each)
  }
  return [
    ...(own.size > 0 ? [{ stem: '', members: own }] : []),
    ...[...weights].map(([stem, members]) => ({ stem, members })),
  ]
}

/** What a parameter of a stem is called elsewhere. */
export function memberName(name: string, stem: string): string {
  if (stem === '') return name
  if (name === stem) return 'weight'
  const tail = name.slice(stem.length)
  return tails.find(([each]) => each === tail)?.[1] ?? tail.slice(1)
}
