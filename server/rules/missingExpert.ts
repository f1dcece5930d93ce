// An expert that is missing from an otherwise whole set. Loaders stack the experts of a layer by number and stop, or drop
// the others, at the first that is not there. Tensors are counted by family first: only where a count is odd are names made,
// because large models consist of little else.

import type { Model } from '../checkpoint/facts'
import { ranksOf } from '../checkpoint/models'
import { moduleKinds } from '../checkpoint/moduleKinds'
import { splitName } from '../checkpoint/modules'
import { stated } from '../quant/sizes'
import { isComplete, severityFor } from './configHarm'
import { defineRule } from './rule'
import { count, fileStart, foldNames } from './show'

export const missingExpert = defineRule({
  id: 'missing-expert',
  severity: 'error',
  title: 'An expert of a layer is not stored',
  *check(facts) {
    for (const model of facts.models) {
      if (ranksOf(model).length > 1 || !isComplete(model) || !mayLack(model)) continue
      const blocks = blocksOf(model)
      const { first: begin } = rangeOfExperts(blocks)
      const end = expertsStated(model)
      const lacking = [...blocks].flatMap(([path, block]) => missingFrom(path, block, begin, end))
      const [first] = lacking
      if (!first) continue
      const { block, path } = first
      const names = lacking.flatMap(each => each.names)
      yield {
        path: block.shardPath,
        range: fileStart,
        severity: severityFor(facts, model, true),
        message: `${foldNames(names)} ${names.length === 1 ? 'is' : 'are'} not stored, though the other experts are: ${path} has ${first.whole} of ${first.wanted}; ${count(names.length, 'module')} missing; mlx-lm stops with KeyError where it stacks the experts of a layer, other loaders lose the rest`,
        tensors: [],
        because: [
          { path: block.shardPath, range: fileStart, message: `${block.sample} is here`, tensor: block.sample },
        ],
      }
    }
  },
})

const expertPattern = /^(.*\.experts)\.(\d+)(?:\.(.+))?$/

/** Whether the tensors of some expert projection are not as many as whole sets would have. */
function mayLack(model: Model): boolean {
  const counts = new Map<string, number>()
  for (const { pattern, members, count } of moduleKinds(model)) {
    if (!/\.experts\.#(\.|$)/.test(pattern)) continue
    for (const parameter of members.keys()) {
      const name = `${pattern}.${parameter}`
      counts.set(name, (counts.get(name) ?? 0) + count)
    }
  }
  if (counts.size === 0) return false
  const many = expertsStated(model)
  return many === undefined || new Set(counts.values()).size > 1 || [...counts.values()].some(n => n % many !== 0)
}

function expertsStated({ configs }: Model): number | undefined {
  const [file] = configs
  return file && stated(file, 'text', 'num_experts', 'n_routed_experts', 'num_local_experts', 'moe_num_experts')?.value
}

/** The experts of one layer: projection below the expert → numbers of those that have it. */
interface Block {
  readonly shardPath: string
  /** A tensor of it. */
  readonly sample: string
  readonly projections: Map<string, Set<number>>
}

function blocksOf(model: Model): ReadonlyMap<string, Block> {
  const blocks = new Map<string, Block>()
  for (const { path: shardPath, tensors } of model.shards)
    for (const { sample, rows } of tensors.families()) {
      if (!sample.includes('.experts.')) continue
      for (const row of rows) {
        const name = tensors.nameAt(row)
        const found = expertPattern.exec(splitName(name).module)
        if (!found) continue
        const [, path = '', number = '', projection = ''] = found
        let block = blocks.get(path)
        if (!block) blocks.set(path, (block = { shardPath, sample: name, projections: new Map() }))
        const known = block.projections.get(projection)
        if (known) known.add(Number(number))
        else block.projections.set(projection, new Set([Number(number)]))
      }
    }
  return blocks
}

const numbersOf = ({ projections }: Block) => [...projections.values()].flatMap(numbers => [...numbers])

/** The first and last number that any layer has: a slice of a model may begin later than 0. */
function rangeOfExperts(blocks: ReadonlyMap<string, Block>): { readonly first: number; readonly last: number } {
  let [first, last] = [Infinity, 0]
  for (const block of blocks.values())
    for (const number of numbersOf(block)) {
      first = Math.min(first, number)
      last = Math.max(last, number)
    }
  return { first, last }
}

interface Lacking {
  readonly path: string
  readonly block: Block
  readonly names: readonly string[]
  readonly whole: number
  readonly wanted: number
}

/**
 * What a layer lacks between the first expert and its own last; a layer may have fewer than another. What stands behind as
 * many as the config states nobody stacks: experts that do nothing, of which some tools write a half.
 */
function missingFrom(path: string, block: Block, first: number, many = Infinity): Lacking[] {
  const present = new Set(numbersOf(block))
  const last = Math.min(Math.max(...present), first > 0 ? Infinity : many - 1)
  const wanted = Array.from({ length: last - first + 1 }, (_, i) => first + i)
  const all = [...block.projections]
  const lacks = (number: number) => all.filter(([, numbers]) => !numbers.has(number)).map(([projection]) => projection)
  const odd = wanted.filter(number => lacks(number).length > 0)
  // Half of them gone is no gap but another way to number them, or to store them.
  if (odd.length === 0 || odd.length * 2 > wanted.length) return []
  const names = odd.flatMap(number =>
    present.has(number)
      ? lacks(number).map(projection => [path, number, projection].filter(part => part !== '').join('.'))
      : [`${path}.${number}`],
  )
  return [{ path, block, names, whole: wanted.length - odd.length, wanted: wanted.length }]
}
