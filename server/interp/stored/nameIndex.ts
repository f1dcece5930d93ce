// Finds the tensors of a shard whose names a text with holes can mean. Names that differ only in their numbers are looked
// at once: a checkpoint of 90,000 tensors has a few dozen such families, and most texts mean one of them.
// What was found is kept with the shard, so that the next run of a program that is being edited finds it again.

import type { Shard } from '../../checkpoint/facts'
import { rowOf } from '../values/readings'
import { escapeRegExp, type Part } from '../values/text'

/** Tensors by their names and their rows in the header, and what each distinct hole stands for, in order of appearance. */
export interface NameMatches {
  readonly names: readonly string[]
  readonly rows: readonly number[]
  readonly texts: readonly (readonly string[])[]
}

interface Family {
  /** One of its names. */
  readonly sample: string
  readonly names: string[]
  /** The names by the first number in them, which most often is that of the layer; made when it is first asked for. */
  byFirst?: ReadonlyMap<string, readonly string[]>
}

interface ShardNames {
  readonly families: readonly Family[]
  readonly found: Map<string, NameMatches>
  /** How many tensors were found in all that is kept. */
  tensors: number
}

/** Patterns kept for one shard; a program under edit asks for new ones all the time. */
const keptPatterns = 2_000
/** How often each tensor of a shard may be found by the patterns that are kept. */
const keptMatches = 2

const shards = new WeakMap<Shard, ShardNames>()

function namesOf(shard: Shard): ShardNames {
  let known = shards.get(shard)
  if (known) return known
  const families = new Map<string, Family>()
  for (const name of shard.tensors.names()) {
    const skeleton = name.replace(/\d+/g, '#')
    const family = families.get(skeleton)
    if (family) family.names.push(name)
    else families.set(skeleton, { sample: name, names: [name] })
  }
  shards.set(shard, (known = { families: [...families.values()], found: new Map(), tensors: 0 }))
  return known
}

/** A hole is one segment of a name; at the beginning, before a module and its parameter, it may be a whole prefix. */
const hole = '([^./\\\\]+)'
const prefix = '(.+)'

/** Whether what follows a leading hole says enough to let it stand for a whole path. */
const isPrefixed = (parts: readonly Part[]) =>
  typeof parts[0] !== 'string' && /\.[A-Za-z]\w*\.\w+$/.test(String(parts.at(-1)))

/** Tensors of a shard that the parts can name. `onWork` is told how many names were looked at. */
export function findNames(shard: Shard, parts: readonly Part[], onWork: (names: number) => void): NameMatches {
  const order: number[] = []
  const key = parts.map(p => (typeof p === 'string' ? p : `\0${numberOf(order, p.symbol)}\0`)).join('')
  const names = namesOf(shard)
  const known = names.found.get(key)
  if (known) return known
  const { general, exact } = patternsOf(key, parts, order)
  const found = { names: [] as string[], rows: [] as number[], texts: [] as (readonly string[])[] }
  onWork(names.families.length)
  const first = firstNumber(parts)
  for (const family of names.families) {
    if (!general.test(family.sample)) continue
    const candidates = first === undefined ? family.names : (byFirstNumber(family).get(first) ?? [])
    onWork(candidates.length)
    for (const name of candidates) {
      const match = exact.exec(name)
      const row = match ? shard.tensors.indexOf(name) : -1
      if (!match || row < 0) continue
      found.names.push(name)
      found.rows.push(row)
      found.texts.push(rowOf(match.slice(1).map(shared)))
    }
  }
  if (names.found.size >= keptPatterns || names.tensors > keptMatches * shard.tensors.count) {
    names.found.clear()
    names.tensors = 0
  }
  names.tensors += found.rows.length
  names.found.set(key, found.rows.length > 0 ? found : nothing)
  return found
}

/** The first number of every name that the parts can mean, where they say it: one before any hole, and not beside one. */
const firstNumber = ([first]: readonly Part[]): string | undefined =>
  typeof first === 'string' ? /^\D*(\d+)\D/.exec(first)?.[1] : undefined

function byFirstNumber(family: Family): ReadonlyMap<string, readonly string[]> {
  if (!family.byFirst) {
    const found = new Map<string, string[]>()
    for (const name of family.names) {
      const number = /\d+/.exec(name)?.[0] ?? ''
      const same = found.get(number)
      if (same) same.push(name)
      else found.set(number, [name])
    }
    family.byFirst = found
  }
  return family.byFirst
}

const texts = new Map<string, string>()
/** One string for equal ones: what a pattern finds is a slice that holds on to the whole name, and most are numbers. */
function shared(text: string): string {
  let known = texts.get(text)
  if (known === undefined) {
    if (texts.size >= 10_000) texts.clear()
    // A number made anew is no slice of anything.
    known = /^(0|[1-9]\d{0,8})$/.test(text) ? String(Number(text)) : text
    texts.set(known, known)
  }
  return known
}

const nothing: NameMatches = { names: [], rows: [], texts: [] }

interface Patterns {
  readonly general: RegExp
  readonly exact: RegExp
}

const patterns = new Map<string, Patterns>()

/** Matches any name of a family, and the names that the parts mean; kept, since one key is asked of many shards. */
function patternsOf(key: string, parts: readonly Part[], order: readonly number[]): Patterns {
  const known = patterns.get(key)
  if (known) return known
  // The sources are made of escaped literals of the program; a hole cannot run past '.' or '/'.
  const first = isPrefixed(parts) ? prefix : hole
  const holeAt = (i: number) => (i === 0 ? first : hole)
  const general = new RegExp(
    `^${parts.map((p, i) => (typeof p === 'string' ? escapeRegExp(p).replace(/\d+/g, '\\d+') : holeAt(i))).join('')}$`,
  )
  const seen = new Set<number>()
  const exact = new RegExp(
    `^${parts
      .map((p, i) => {
        if (typeof p === 'string') return escapeRegExp(p)
        const n = order.indexOf(p.symbol) + 1
        if (seen.has(n)) return `(?:\\${n})`
        seen.add(n)
        return holeAt(i)
      })
      .join('')}$`,
  )
  if (patterns.size >= keptPatterns) patterns.clear()
  patterns.set(key, { general, exact })
  return { general, exact }
}

function numberOf(order: number[], symbol: number): number {
  const at = order.indexOf(symbol)
  return at >= 0 ? at : order.push(symbol) - 1
}

/** Symbols of the holes in order of first appearance, as `NameMatch.texts` has them. */
export const holesOf = (parts: readonly Part[]): readonly number[] => [
  ...new Set(parts.flatMap(p => (typeof p === 'string' ? [] : [p.symbol]))),
]
