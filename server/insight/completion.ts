// Completes names of tensors inside a key: the real names of the checkpoints that the program loads, layers folded. What
// stands before the cursor is matched against the folded names, a hole against any part of one.

import type { Model } from '../checkpoint/facts'
import type { Analysis, Snapshot } from '../engine'
import { candidates } from '../interp/stored/binding'
import type { Range } from '../protocol'
import { rangeIn, showTensor } from '../rules/show'
import type { Program } from '../source/ir'
import { groupBy } from '../util/groupBy'
import { grouped } from '../util/numbers'
import { meaningOf } from './meaning'
import { type NameFamily, nameFamilies } from './nameFamilies'
import { stringAt, type TypedPart, type TypedString } from './stringAt'

export interface NameCompletion {
  /** `self_attn.q_proj.weight`, or `layers.0-27.` for a folder of more names than fit. */
  readonly label: string
  readonly detail: string
  /** What the typed text is compared with. */
  readonly filter: string
  /** Texts, and numbers to fill in; the second is what to fill in at first. */
  readonly insert: readonly (string | { readonly number: string })[]
  readonly range: Range
  /** More names follow behind it. */
  readonly isFolder: boolean
}

/** More entries than this are folded into folders. */
const mostEntries = 150
/** And no list is longer than this: what is typed next makes it shorter. */
const mostFolders = 1_000

/** A program's text as it is now, and the cursor in it. */
export interface Typing {
  readonly document: { readonly text: string }
  readonly offset: number
}

/**
 * Names that may stand at the cursor; undefined where no name of a tensor is expected. `program` is what was analysed of
 * the document.
 */
export function completeName(
  snapshot: Snapshot,
  analysis: Analysis,
  program: Program,
  { document, offset }: Typing,
): readonly NameCompletion[] | undefined {
  const typed = stringAt(document.text, offset, program.language)
  if (!typed) return undefined
  const models = modelsOf(snapshot, analysis, program)
  const isKey = isKeyPlace(typed)
  if (!isKey && !mayBeName(typed.parts)) return undefined
  const pattern = patternOf(typed.parts, isKey)
  const families = matching(models, pattern)
  if (families.length === 0) return undefined
  const last = typed.parts.at(-1)
  const segment = typeof last === 'string' ? last.slice(last.lastIndexOf('.') + 1) : ''
  const tail = /^[\w.]*$/.test(typed.tail) ? typed.tail.length : 0
  const range = rangeIn(document, offset - segment.length, offset + tail)
  const place: Place = { typed, segment, range, hole: holeFor(document, typed, offset) }
  const entries = families.map(found => entryOf(found, place))
  return entries.length <= mostEntries ? entries : folders(families, place)
}

/** Where a key is asked for: in brackets, or as the first argument of a method that looks one up. */
const isKeyPlace = ({ before }: TypedString): boolean =>
  /(\[|\b(get|pop|get_tensor|get_slice|has|setdefault)\()$/.test(before) || /[[(][\w.]+\s*\+$/.test(before)

/** Elsewhere a string is taken for a name only once it looks like one. */
function mayBeName(parts: readonly TypedPart[]): boolean {
  const first = parts[0]
  return typeof first === 'string' ? /^[\w-]+\./.test(first) : parts.length > 1
}

/** The checkpoints that the program's runs met, else those that they were bound to, else the nearest. */
function modelsOf(snapshot: Snapshot, analysis: Analysis, program: Program): readonly Model[] {
  const runs = analysis.facts.runs.filter(run => run.programs.has(program))
  const met = new Set(runs.flatMap(run => [...run.met, ...run.loads.filter(l => l.named).map(l => l.model)]))
  if (met.size > 0) return [...met]
  const bound = new Set(runs.flatMap(run => run.bound ?? []))
  return bound.size > 0 ? [...bound] : (candidates([program], snapshot.models, snapshot.bindings)[0] ?? [])
}

/** What is typed as a pattern for folded names; it leaves the rest of the name as its last group. */
function patternOf(parts: readonly TypedPart[], isKey: boolean): RegExp {
  const first = parts[0]
  // `prefix + ".weight"` and `f"{prefix}.weight"`: what stands before is not known here.
  const isOpen = typeof first !== 'string' || (isKey && first.startsWith('.'))
  const source = parts
    .map((part, i) => {
      if (typeof part !== 'string') return i === 0 ? '.*' : '[^.]+'
      return part.replace(/(^|\.)\d+(?=\.|$)/g, '$1#').replace(/[^\w]/g, '\\$&')
    })
    .join('')
  return new RegExp(`^${isOpen && typeof first === 'string' ? '.*' : ''}${source}([^]*)$`)
}

interface Found {
  readonly model: Model
  readonly family: NameFamily
  /** What is left of the folded name behind the cursor. */
  readonly rest: string
}

function matching(models: readonly Model[], pattern: RegExp): readonly Found[] {
  const found = new Map<string, Found>()
  for (const model of models)
    for (const family of nameFamilies(model)) {
      const rest = pattern.exec(family.pattern)?.[1]
      // With an open beginning many names end alike; each end is offered once.
      if (rest !== undefined && rest !== '' && !found.has(rest)) found.set(rest, { model, family, rest })
    }
  return [...found.values()]
}

interface Place {
  readonly typed: TypedString
  readonly segment: string
  readonly range: Range
  readonly hole: string | undefined
}

function entryOf(found: Found, place: Place): NameCompletion {
  const { model, family, rest } = found
  const meaning = meaningOf(model, family.shard, family.sample)
  const { count } = family
  const ranges = family.ranges.slice(numbersBefore(found))
  return {
    label: shown(rest, ranges, place),
    detail: `${showTensor(family.sample)}${meaning ? ` = ${meaning.text}` : ''}${count > 1 ? ` · ${grouped(count)} tensors` : ''}`,
    filter: place.segment + rest,
    insert: inserted(rest, ranges, place),
    range: place.range,
    isFolder: false,
  }
}

/** The next parts of the names, each once; a name that is alone behind its part is offered whole. */
function folders(found: readonly Found[], place: Place): readonly NameCompletion[] {
  // A number alone says nothing: the part before it takes it along.
  const heads = groupBy(found, one => /^[^.]*\.?(?:#\.)*/.exec(one.rest)?.[0] ?? one.rest)
  return [...heads].slice(0, mostFolders).flatMap(([head, group]): NameCompletion[] => {
    const [first, ...others] = group
    if (!first) return []
    if (others.length === 0) return [entryOf(first, place)]
    const before = numbersBefore(first)
    const ranges = group.map(({ family }): Ranges => family.ranges.slice(before)).reduce(widened)
    const count = group.reduce((n, { family }) => n + family.count, 0)
    return [
      {
        label: shown(head, ranges, place),
        detail: `${count.toLocaleString('en-US')} tensors`,
        filter: place.segment + head,
        insert: inserted(head, ranges, place),
        range: place.range,
        isFolder: true,
      },
    ]
  })
}

type Ranges = NameFamily['ranges']

const widened = (a: Ranges, b: Ranges): Ranges =>
  a.flatMap(([least, most], i) => {
    const other = b[i]
    return other ? [[Math.min(least, other[0]), Math.max(most, other[1])] as const] : []
  })

/** How many `#` stand before the rest of a folded name. */
const numbersBefore = ({ family: { pattern }, rest }: Found): number =>
  (pattern.slice(0, pattern.length - rest.length).match(/(^|\.)#(?=\.|$)/g) ?? []).length

/** A text with ranges in place of its numbers. */
function shown(text: string, ranges: Ranges, { segment }: Place): string {
  let number = 0
  const folded = text.replace(/#/g, () => {
    const [least, most] = ranges[number++] ?? [0, 0]
    return least === most ? String(least) : `${least}-${most}`
  })
  return segment + folded
}

function inserted(text: string, ranges: Ranges, { segment, hole }: Place): NameCompletion['insert'] {
  const pieces = (segment + text).split('#')
  return pieces.flatMap((piece, i): (string | { number: string })[] =>
    i === pieces.length - 1 ? [piece] : [piece, { number: hole ?? String(ranges[i]?.[0] ?? 0) }],
  )
}

/** In a text that takes holes a number is a variable: that of the loop around, if one is seen. */
function holeFor({ text }: Typing['document'], { kind }: TypedString, offset: number): string | undefined {
  if (kind === 'plain') return undefined
  const loops = [
    ...text
      .slice(Math.max(0, offset - 4_000), offset)
      .matchAll(
        kind === 'format' ? /\bfor (\w+)(?:, *\w+)* in (?:range|enumerate)\b/g : /\bfor \((?:let|var) (\w+) *=/g,
      ),
  ]
  const name = loops.at(-1)?.[1] ?? 'i'
  return kind === 'format' ? `{${name}}` : `\${${name}}`
}
