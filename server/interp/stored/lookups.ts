// Looks keys up in all the checkpoints behind a dict at once, the youngest first, and keeps what was found with the shards:
// the next run of a program that is being edited asks the same keys of the same files again, and gets the same arrays.

import { asKey } from '../values/keys'
import type { Model, Shard } from '../../checkpoint/facts'
import type { ArrayOp } from '../../protocol'
import { type Machine, noteLookup, noteUnderstood, unknown } from '../run/machine'
import { findNames, holesOf, type NameMatches } from './nameIndex'
import { onlyReading, type Row, rowOf } from '../values/readings'
import { sourceAt } from './sources'
import { isInRange } from '../run/summary'
import { noteAnyTaken, noteTaken } from './takes'
import { type Part, partsOf } from '../values/text'
import { checkFound } from '../run/trial'
import {
  type ArrayVariant,
  type Assign,
  type DictValue,
  isNumber,
  isString,
  type Place,
  type Role,
  roleOf,
  type Source,
  type Value,
  type WeightsView,
} from '../values/value'

/** The views of one dict, told apart by their files and what those stand for, whatever the numbers of the symbols. */
interface Stack {
  readonly views: readonly WeightsView[]
  readonly templates: Kept
  /** Keys without holes, of which a program that is followed turn by turn asks for as many as there are tensors. */
  readonly literals: Kept
}

/**
 * What was found, by the text of the key. Where it grows too large, what no recent run has asked for goes; where all of it
 * is recent, what is found now is kept for this run only, so that a half-typed program, which may ask for anything, does not
 * drop what the whole one has found.
 */
class Kept {
  private readonly entries = new Map<string, { readonly found: Found; run: number }>()
  private tensors = 0
  private passing = { run: -1, found: new Map<string, Found>() }

  constructor(private readonly most: number) {}

  get(run: number, key: string, find: () => Found): Found {
    const known = this.entries.get(key)
    if (known) {
      known.run = run
      return known.found
    }
    if (this.passing.run !== run) this.passing = { run, found: new Map() }
    const found = this.passing.found.get(key) ?? find()
    if (this.tensors + found.tensors >= this.most) this.drop(run - recentRuns)
    if (this.tensors + found.tensors < this.most) {
      this.entries.set(key, { found, run })
      this.tensors += found.tensors + 1
    } else this.passing.found.set(key, found)
    return found
  }

  private drop(before: number): void {
    for (const [key, { found, run }] of this.entries) {
      if (run >= before) continue
      this.entries.delete(key)
      this.tensors -= found.tensors + 1
    }
  }
}

/** A program that several checkpoints may be meant by has a run for each. */
const recentRuns = 12

/** What a key means, with columns in the place of symbols: the numbers of symbols change while a program is edited. */
interface Found {
  readonly groups: readonly Group[]
  readonly models: ReadonlySet<Model>
  readonly role: Role | undefined
  readonly tensors: number
  /** The work that finding them took: a run is charged for it whether it was kept or not, so that all runs are alike. */
  readonly work: number
  /** The same for the symbols of a run, the last that asked first. */
  readonly made: { readonly symbols: string; readonly variants: readonly ArrayVariant[] }[]
}

/** Tensors of one shape and dtype. */
interface Group {
  readonly columns: readonly Column[]
  readonly rows: Row[]
  readonly sources: Source[]
  readonly shape: readonly number[]
  readonly dtype: string
}

/** A symbol by its place: among those of the key, or among those that tell the files of the dict apart. */
type Column = `key ${number}` | `files ${number}`

/** Tensors kept for one dict: a checkpoint of 90,000 fits, garbage does not pile up. */
const keptTensors = 150_000
/** Keys without holes that are kept for one dict. */
const keptLiterals = 20_000
/** Programs in one folder read the same shards in a few different ways. */
const keptStacks = 8
/** One key is asked with several symbols where it is in several loops. */
const keptSymbols = 8

const stacks = new WeakMap<Shard, Stack[]>()
interface Known {
  readonly length: number
  readonly last: WeightsView
  readonly stack: Stack
  /** Symbols that tell the files apart. */
  readonly files: readonly number[]
  /** Each view is one file. */
  readonly areSingle: boolean
}
const stackOfViews = new WeakMap<readonly WeightsView[], Known>()

/** Every reading of a key; what was merged in later hides tensors of the same name. The array is shared: never change it. */
export function lookupViews(m: Machine, views: readonly WeightsView[], key: Value): readonly ArrayVariant[] {
  const parts = partsOf(key)
  const known = parts && stackOf(views)
  if (!known) return nothing
  const { stack, files } = known
  const holes = parts.length === 1 && typeof parts[0] === 'string' ? noHoles : holesOf(parts)
  const keyText = textOf(m, parts, holes, files)
  const find = () => search(m, views, parts, { holes, files })
  const found = (holes.length === 0 ? stack.literals : stack.templates).get(m.id, keyText, find)
  m.work -= found.work
  for (const model of found.models) m.met.add(model)
  return variantsOf(found, { holes, files })
}

interface Symbols {
  /** Of the key, in order of first appearance. */
  readonly holes: readonly number[]
  /** Of the files. */
  readonly files: readonly number[]
}

function variantsOf({ groups, made, role }: Found, { holes, files }: Symbols): readonly ArrayVariant[] {
  if (groups.length === 0) return nothing
  const symbols = holes.length === 0 && files.length === 0 ? ' ' : `${holes.join()} ${files.join()}`
  const known = made.find(each => each.symbols === symbols)
  if (known) return known.variants
  const variants = groups.map(({ columns, rows, sources, shape, dtype }): ArrayVariant => ({
    readings: {
      symbols: columns.map(c => (c.startsWith('key') ? holes : files)[Number(c.slice(c.indexOf(' ')))] ?? 0),
      rows: columns.length === 0 && rows.length === 1 ? onlyReading.rows : rows,
    },
    shape,
    dtype,
    stored: { sources, ops: noOps },
    role,
  }))
  made.unshift({ symbols, variants })
  if (made.length > keptSymbols) made.pop()
  return variants
}

const noHoles: readonly number[] = []
const nothing: readonly ArrayVariant[] = []
const noOps: readonly ArrayOp[] = []

/**
 * Whether a key with holes is there in every one of its readings, or in none; undefined where it is in some, or where
 * the numbers that it stands for are not known.
 */
export function hasEvery(m: Machine, views: readonly WeightsView[], key: Value): boolean | undefined {
  const parts = partsOf(key) ?? []
  const holes = new Set(parts.flatMap(p => (typeof p === 'string' ? [] : [p.symbol])))
  let readings = 1
  for (const symbol of holes) {
    const range = m.ranges.get(symbol)
    if (!range) return undefined
    readings *= range.count
  }
  if (holes.size === 0) return undefined
  const variants = lookupViews(m, views, key)
  if (variants.length === 0) return usefulKey(parts) ? false : undefined
  return namesIn(variants) === readings ? true : undefined
}

/** Whether a key is in one of the files, where it is known which files they are. */
export const holds = (m: Machine, views: readonly WeightsView[], key: Value): boolean | undefined =>
  views.length === 0 ? false : stackOf(views)?.areSingle ? lookupViews(m, views, key).length > 0 : undefined

const nameCounts = new WeakMap<readonly ArrayVariant[], number>()
/** How many different names the tensors have. */
function namesIn(variants: readonly ArrayVariant[]): number {
  let known = nameCounts.get(variants)
  if (known === undefined) {
    known = new Set(variants.flatMap(v => v.stored?.sources.map(s => s.tensor.name) ?? [])).size
    nameCounts.set(variants, known)
  }
  return known
}

/** What a tensor that a key may mean costs, in evaluated nodes. */
const workPerTensor = 0.1

/** A key that is nearly all holes would mean every tensor, which says nothing. */
const usefulKey = (parts: readonly Part[]): boolean =>
  parts.some(p => typeof p === 'string' && /[A-Za-z]{2}/.test(p)) &&
  parts.filter(p => typeof p !== 'string').length <= 3

function search(m: Machine, views: readonly WeightsView[], parts: readonly Part[], symbols: Symbols): Found {
  const groups = new Map<string, Group>()
  const models = new Set<Model>()
  const hidden = new Set<string>()
  const isLiteral = parts.every(p => typeof p === 'string')
  let [work, tensors] = [0, 0]
  if (isLiteral || usefulKey(parts))
    for (const view of views.toReversed()) {
      const names: string[] = []
      work += view.entries.length / 3
      for (const entry of view.entries) {
        const reading = readingOf(entry.assign, symbols)
        const found = isLiteral
          ? exactly(entry.shard, parts.join(''))
          : findNames(entry.shard, parts, looked => (work += looked / 10))
        found.rows.forEach((at, i) => {
          const [name, texts] = [found.names[i] ?? '', found.texts[i] ?? noTexts]
          if (!isLiteral && symbols.holes.some((s, hole) => !isPossible(m, s, texts[hole]))) return
          const row = reading(texts)
          if (!row) return
          models.add(entry.model)
          names.push(name)
          if (hidden.has(name)) return
          add(groups, row, sourceAt(entry.model, entry.shard, at, name))
          tensors++
        })
      }
      if (isLiteral && names.length > 0) break
      if (views.length > 1) for (const name of names) hidden.add(name)
    }
  // A key that may mean thousands of tensors makes every step after it as heavy.
  if (!isLiteral) work += tensors * workPerTensor
  return { groups: [...groups.values()], models, role: roleIn(parts), tensors, work, made: [] }
}

/** What all that a key can mean are, if its end says it. */
function roleIn(parts: readonly Part[]): Role | undefined {
  const last = parts[parts.length - 1]
  return typeof last === 'string' && (parts.length === 1 || last.includes('.')) ? roleOf(last) : undefined
}

const isPossible = (m: Machine, symbol: number, text: string | undefined): boolean => {
  const range = m.ranges.get(symbol)
  return !range || isInRange(range, text ?? '')
}

const noTexts: Row = []

function exactly(shard: Shard, name: string): NameMatches {
  const row = shard.tensors.indexOf(name)
  return row < 0 ? { names: [], rows: [], texts: [] } : { names: [name], rows: [row], texts: [noTexts] }
}

interface ColumnsAndRow {
  readonly columns: readonly Column[]
  readonly texts: Row
}

/** Puts what a file stands for beside what the holes of a key stand for; undefined where they contradict one another. */
function readingOf(assign: Assign, { holes, files }: Symbols): (texts: Row) => ColumnsAndRow | undefined {
  const ofKey = holes.map((_, i): Column => `key ${i}`)
  const own = assign.filter(([symbol]) => !holes.includes(symbol))
  const both = assign.filter(([symbol]) => holes.includes(symbol))
  const columns = [...ofKey, ...own.map(([symbol]): Column => `files ${files.indexOf(symbol)}`)]
  const ownTexts = own.map(([, text]) => text)
  return texts => {
    if (both.some(([symbol, text]) => texts[holes.indexOf(symbol)] !== text)) return undefined
    return { columns, texts: ownTexts.length > 0 ? rowOf([...texts, ...ownTexts]) : texts }
  }
}

function add(groups: Map<string, Group>, { columns, texts }: ColumnsAndRow, source: Source): void {
  const { shape, dtype } = source.tensor
  const id = `${columns.join()} ${dtype} ${shape.join()}`
  let group = groups.get(id)
  if (!group) groups.set(id, (group = { columns, rows: [], sources: [], shape, dtype }))
  group.rows.push(texts)
  group.sources.push(source)
}

/** A key as text, its holes by their places, with what is known of the numbers that they stand for. */
function textOf(m: Machine, parts: readonly Part[], holes: readonly number[], files: readonly number[]): string {
  if (parts.length === 1 && typeof parts[0] === 'string') return parts[0]
  return parts.reduce<string>((text, p) => {
    if (typeof p === 'string') return text + p
    const range = m.ranges.get(p.symbol)
    const numbers = range ? `${range.first} ${range.step} ${range.count}` : ''
    return `${text}\0${holes.indexOf(p.symbol)} ${files.indexOf(p.symbol)} ${numbers}\0`
  }, '\0')
}

/** Symbols that tell the files of a dict apart, in order of first appearance. */
function symbolsOf(views: readonly WeightsView[]): readonly number[] {
  const found = new Set<number>()
  for (const view of views) for (const [symbol] of view.entries[0]?.assign ?? []) found.add(symbol)
  return [...found]
}

function stackOf(views: readonly WeightsView[]): Known | undefined {
  const last = views[views.length - 1]
  const shard = last?.entries[0]?.shard
  if (!last || !shard) return undefined
  const quick = stackOfViews.get(views)
  if (quick && quick.length === views.length && quick.last === last) return quick
  const ofShard = stacks.get(shard) ?? []
  let stack = ofShard.find(s => sameViews(s.views, views))
  if (!stack) {
    stack = { views: [...views], templates: new Kept(keptTensors), literals: new Kept(keptLiterals) }
    stacks.set(shard, [stack, ...ofShard.slice(0, keptStacks - 1)])
  }
  const known: Known = {
    length: views.length,
    last,
    stack,
    files: symbolsOf(views),
    areSingle: views.every(v => v.entries.length === 1),
  }
  stackOfViews.set(views, known)
  return known
}

function sameViews(a: readonly WeightsView[], b: readonly WeightsView[]): boolean {
  if (a.length !== b.length) return false
  const [ofA, ofB] = [symbolsOf(a), symbolsOf(b)]
  const sameEntry = (e: WeightsView['entries'][number], other: WeightsView['entries'][number] | undefined): boolean =>
    other !== undefined &&
    e.shard === other.shard &&
    e.model === other.model &&
    e.assign.length === other.assign.length &&
    e.assign.every(([symbol, text], i) => {
      const [second, same] = other.assign[i] ?? []
      return same === text && second !== undefined && ofA.indexOf(symbol) === ofB.indexOf(second)
    })
  return a.every((view, i) => {
    const entries = b[i]?.entries ?? []
    return (
      view === b[i] ||
      (view.entries.length === entries.length && view.entries.every((e, n) => sameEntry(e, entries[n])))
    )
  })
}

const wholes = new WeakMap<Model, readonly WeightsView[]>()
/** All files of a model at once: which of them an input is, is not known, and another key may be asked of another. */
function allOf(model: Model): readonly WeightsView[] {
  let known = wholes.get(model)
  if (!known) {
    const entries = model.shards.map(shard => ({ model, shard, assign: [] }))
    wholes.set(model, (known = [{ entries, named: false }]))
  }
  return known
}

/** The array for a key of a free input, if the bound checkpoint has such tensors. */
export function lookupFree(m: Machine, key: Value, at: Place): Value | undefined {
  m.askedBound = true
  if (!m.bound) return undefined
  const views = allOf(m.bound)
  const variants = lookupViews(m, views, key)
  checkFound(m, key, variants)
  if (variants.length === 0 && key.kind === 'template') noteAnyTaken(m, views)
  if (variants.length === 0) return undefined
  noteTaken(m, variants)
  noteUnderstood(m, at)
  noteLookup(m, at, key, variants)
  return { kind: 'array', variants, at, activation: m.frame.activation }
}

/** What a defaultdict puts in the place of a key that is not there. */
export function madeItem(m: Machine, object: DictValue, asked: Value): Value | undefined {
  const made = object.factory?.()
  if (!made) return undefined
  const key = asKey(asked)
  if (!isString(key) && !isNumber(key)) {
    object.open = true
    return unknown(m, 'a key that is not known')
  }
  object.map.set(key.value, made)
  object.open ||= m.uncertain > 0
  return made
}
