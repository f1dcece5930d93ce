// A layer that is stored and that a program passes over: its loop begins at 1 though the layers begin at 0, or the config
// counts fewer layers than there are. Nothing raises; the model computes without that layer. Said only where the program
// takes every other layer by that loop and nothing of this one by any other way.

import { type Group, numberedGroups, numbersIn } from '../checkpoint/numberedGroups'
import type { JsonFile, Model } from '../checkpoint/facts'
import type { Run } from '../interp/index'
import { placeKey } from '../interp/run/machine'
import type { Counter } from '../interp/program/counting'
import type { Because, Fix } from '../protocol'
import { groupBy } from '../util/groupBy'
import { defineRule, type Draft } from './rule'
import { baseName, becauseTensor, foldNames, rangeIn, rangeOf, textAt } from './show'

interface Passed {
  readonly run: Run
  readonly model: Model
  readonly counter: Counter
  readonly group: Group
  /** Numbers that are stored and not read. */
  readonly unread: readonly number[]
}

export const unreadLayer = defineRule({
  id: 'unread-layer',
  severity: 'warning',
  title: 'A layer is stored and never read',
  *check({ runs }) {
    const passed = runs.flatMap(passedOver)
    const places = groupBy(passed, ({ counter, unread }) => `${placeKey(counter.at)} ${unread.join(' ')}`)
    for (const all of places.values()) if (holdsForAll(runs, all)) yield draft(all)
  },
})

/** Several checkpoints may be meant; then it must hold for each that is met. */
function holdsForAll(runs: readonly Run[], all: readonly Passed[]): boolean {
  const [first] = all
  return runs.every(
    run =>
      first === undefined ||
      !run.programs.has(first.counter.at.program) ||
      !run.bound ||
      !run.met.has(run.bound) ||
      all.some(p => p.run === run),
  )
}

function passedOver(run: Run): Passed[] {
  const { counters } = run
  // What a program that stops would have read is not known.
  if (counters.length === 0 || run.stopped !== undefined || run.refusals.length > 0 || run.absent.length > 0) return []
  return [...run.met].flatMap(model => {
    if (run.takes.whole.has(model) || (model === run.bound && run.askedBound && run.takes.anyInput)) return []
    let taken: Taken | undefined
    return counters.flatMap(counter =>
      numberedGroups(model).flatMap(group => {
        const unread = unreadBy(counter, group, model)
        if (!unread || !isOnlyReader(counter, group, (taken ??= takenOf(run, model)))) return []
        return isLike(group, unread, taken) ? [{ run, model, counter, group, unread }] : []
      }),
    )
  })
}

/** The layers that a loop leaves out by its bounds; undefined where the bounds do not say that it is a slip. */
function unreadBy({ first, last, start, stop }: Counter, group: Group, model: Model): number[] | undefined {
  if (start && first === group.first + 1 && last === group.last) return [group.first]
  const isCount = stop && first === group.first && last < group.last && countsLayers(stop, model)
  return isCount ? Array.from({ length: group.last - last }, (_, i) => last + 1 + i) : undefined
}

/** Names of config values that are a number of layers, of the model itself and not of a part that is stored behind it. */
const layerCount = /^(num_|n_)?(hidden_|encoder_|decoder_|transformer_|text_|vision_|audio_)*(layers?|blocks|depth)$/

const propertyAt = ({ file, offset }: NonNullable<Counter['stop']>): string =>
  /"((?:[^"\\]|\\.)*)"\s*:\s*$/.exec(file.text.slice(Math.max(0, offset - 200), offset))?.[1] ?? ''

/** Layers that predict further tokens are stored behind the others and left out on purpose. */
function countsLayers(stop: NonNullable<Counter['stop']>, { configs }: Model): boolean {
  return (
    configs.includes(stop.file) &&
    layerCount.test(propertyAt(stop)) &&
    !/"[^"]*(nextn|mtp)[^"]*"\s*:\s*[1-9]/i.test(stop.file.text)
  )
}

/** What a run takes of a model, by the group of its number: number → what follows the number in the names. */
type Taken = ReadonlyMap<string, ReadonlyMap<number, ReadonlySet<string>>>

function takenOf(run: Run, model: Model): Taken {
  const taken = new Map<string, Map<number, Set<string>>>()
  for (const variants of run.takes.arrays)
    for (const source of variants.flatMap(v => v.stored?.sources ?? [])) {
      if (source.model !== model) continue
      for (const { prefix, number, rest } of numbersIn(source.tensor.name)) {
        const numbers = taken.get(prefix) ?? new Map<number, Set<string>>()
        taken.set(prefix, numbers.set(number, (numbers.get(number) ?? new Set()).add(rest)))
      }
    }
  return taken
}

/** The loop names every layer that is read, and no other is read. */
function isOnlyReader({ first, last }: Counter, { prefix }: Group, taken: Taken): boolean {
  const numbers = taken.get(prefix)
  if (!numbers || numbers.size !== last - first + 1) return false
  return [...numbers.keys()].every(n => n >= first && n <= last)
}

/** What is read of every other layer is stored in those that are not read, and they hold nothing that no other holds. */
function isLike({ prefix, rests }: Group, unread: readonly number[], taken: Taken): boolean {
  const numbers = [...(taken.get(prefix)?.values() ?? [])]
  const [some] = numbers
  const common = [...(some ?? [])].filter(rest => numbers.every(rests => rests.has(rest)))
  const others = new Set([...rests].filter(([n]) => !unread.includes(n)).flatMap(([, of]) => [...of]))
  return (
    common.length > 0 &&
    unread.every(n => {
      const own = rests.get(n)
      return own !== undefined && common.every(rest => own.has(rest)) && [...own].every(rest => others.has(rest))
    })
  )
}

function draft(all: readonly Passed[]): Draft {
  const { counter, unread, model, group } = all[0] as Passed
  const groups = [...new Map(all.map(p => [p.group.prefix, p])).values()]
  const names = foldNames(groups.flatMap(p => p.unread.map(n => `${p.group.prefix}${n}`)))
  const are = unread.length * groups.length === 1 ? 'is' : 'are'
  const tensors = all.flatMap(p =>
    p.unread.flatMap(n => [...(p.group.rests.get(n) ?? [])].map(rest => `${p.group.prefix}${n}.${rest}`)),
  )
  const stored = model.shards.flatMap(shard => {
    const tensor = tensors[0] === undefined ? undefined : shard.tensors.find(tensors[0])
    return tensor ? [{ shard, tensor }] : []
  })[0]
  const because: Because[] = stored ? [becauseTensor(stored, `${stored.tensor.name} is stored here`)] : []
  const isLate = counter.first > group.first
  const rest = `${names} ${are} stored in ${baseName(model.path)} and never read; nothing raises, and the numbers are those of a model without ${unread.length === 1 ? 'it' : 'them'}`
  const { stop } = counter
  if (isLate || !stop)
    return {
      path: counter.at.program.path,
      range: rangeOf(counter.at),
      message: `${textAt(counter.at).replace(/\s+/g, ' ')} begins at ${counter.first}, but ${rest}`,
      tensors,
      because,
      fixes: counter.start ? [beginFix(counter.start, group.first)] : [],
    }
  const { file, offset, length } = stop
  return {
    path: file.path,
    range: rangeIn(file, offset, offset + length),
    message: `${propertyAt(stop)} is ${counter.last - counter.first + 1}, so that the program reads as many layers; ${rest}`,
    tensors,
    because: [
      { path: counter.at.program.path, range: rangeOf(counter.at), message: 'counts the layers here' },
      ...because,
    ],
    fixes: [countFix(file, offset, length, propertyAt(stop), group.last - group.first + 1)],
  }
}

const beginFix = (start: NonNullable<Counter['start']>, first: number): Fix => ({
  title: `Begin the loop at ${first}`,
  kind: 'needs-a-look',
  edits: [{ path: start.program.path, range: rangeOf(start), newText: String(first) }],
})

const countFix = (file: JsonFile, offset: number, length: number, name: string, count: number): Fix => ({
  title: `Change ${name} to ${count}`,
  kind: 'needs-a-look',
  edits: [{ path: file.path, range: rangeIn(file, offset, offset + length), newText: String(count) }],
})
