// Strings with holes: joining them, taking them apart, and matching them against the names of a checkpoint.
// A hole stands for one segment of unknown text; matching tells what it would have to be.

import type { Assign, ConstValue, Hole, TemplateValue, UnknownValue, Value } from './value'
import { constant, isUndefined } from './value'

export type Part = string | Hole

type Member = NonNullable<ConstValue['member']>

/** The parts of a value used as text; undefined where it cannot be text. */
export function partsOf(v: Value): readonly Part[] | undefined {
  switch (v.kind) {
    case 'const':
      if (v.member && !isText(v.member)) return textOfMember(v.member)
      if (v.isFloat && Number.isInteger(v.value)) return [`${String(v.value)}.0`]
      return [v.value === null ? 'None' : typeof v.value === 'boolean' ? (v.value ? 'True' : 'False') : String(v.value)]
    case 'template':
      return v.parts
    case 'unknown':
      return [{ symbol: v.symbol }]
    case 'file':
      return v.as === 'path' ? partsOf(v.path) : undefined
    default:
      return undefined
  }
}

/** Lists with more items than this are not made text of. */
const longestList = 1_000

/** The parts of a value that JavaScript makes text of; undefined where it is not known what it makes. */
export function scriptPartsOf(v: Value): readonly Part[] | undefined {
  if (v.kind === 'const' && v.value === null) {
    if (!isUndefined(v)) return ['null']
    return v.nothing || v.literal ? ['undefined'] : undefined
  }
  if (v.kind === 'const' && typeof v.value === 'boolean') return [String(v.value)]
  if (v.kind !== 'list') return partsOf(v)
  if (v.open || v.shape === 'set' || v.isShuffled || v.items.length > longestList) return undefined
  return joinedParts(v.items, ',')
}

/** Items of a list of JavaScript with a text between them; null and `undefined` are nothing there. */
export function joinedParts(items: readonly Value[], separator: string): readonly Part[] | undefined {
  const out: Part[] = []
  for (const [i, item] of items.entries()) {
    if (i > 0) out.push(separator)
    const parts = item.kind === 'const' && item.value === null ? [] : scriptPartsOf(item)
    if (!parts) return undefined
    out.push(...parts)
  }
  return out
}

const isText = ({ of }: Member): boolean =>
  of.bases.length === 1 && of.bases.every(base => base.kind === 'library' && /^enum\.(Str|Int)Enum$/.test(base.name))

/** `str` of a member of an enumeration; undefined where the class or the version of Python decides it. */
function textOfMember({ of, name }: Member): readonly Part[] | undefined {
  const [base, ...others] = of.bases
  const isPlain = base?.kind === 'library' && base.name === 'enum.Enum' && others.length === 0
  const hasOwn = of.def.methods.some(f => /^__(str|format)__$/.test(f.name))
  return isPlain && !hasOwn ? [`${of.def.name}.${name}`] : undefined
}

/** Joins parts, merging neighbouring literals; a text without holes becomes a constant. */
export function textOf(parts: readonly Part[]): Value {
  const merged: Part[] = []
  for (const part of parts) {
    const last = merged[merged.length - 1]
    if (typeof part === 'string' && typeof last === 'string') merged[merged.length - 1] = last + part
    else if (part !== '') merged.push(part)
  }
  if (merged.length === 0) return constant('')
  if (merged.length === 1 && typeof merged[0] === 'string') return constant(merged[0])
  return { kind: 'template', parts: merged }
}

/** Applies a function to every literal part: exact for operations that do not look across holes (`replace`). */
export function mapLiterals(v: TemplateValue, f: (text: string) => string): Value {
  return textOf(v.parts.map(p => (typeof p === 'string' ? f(p) : p)))
}

const holePattern = '([^./\\\\]+)'
const patterns = new Map<string, { regex: RegExp; symbols: number[] }>()

/**
 * What the holes must be for the template to equal `text`; undefined where it cannot. `fromEnd` matches a suffix that
 * starts at a path separator, and then a leading hole may be anything.
 */
export function matchTemplate(parts: readonly Part[], text: string, fromEnd = false): Assign | undefined {
  const key = (fromEnd ? '<' : '=') + parts.map(p => (typeof p === 'string' ? p : `\0${p.symbol}\0`)).join('')
  let pattern = patterns.get(key)
  if (!pattern) {
    const symbols: number[] = []
    let source = ''
    parts.forEach((part, i) => {
      if (typeof part === 'string') source += escapeRegExp(part)
      else if (fromEnd && i === 0) source += '.*?'
      else {
        const earlier = symbols.indexOf(part.symbol)
        if (earlier >= 0) source += `\\${earlier + 1}`
        else {
          symbols.push(part.symbol)
          source += holePattern
        }
      }
    })
    // The source is made of escaped literals of the program; holes cannot backtrack across '.' or '/'.
    pattern = { regex: new RegExp(fromEnd ? `(?:^|[/\\\\])${source}$` : `^${source}$`), symbols }
    if (patterns.size > 5000) patterns.clear()
    patterns.set(key, pattern)
  }
  const match = pattern.regex.exec(text)
  if (!match) return undefined
  return pattern.symbols.map((s, i) => [s, match[i + 1] ?? ''] as const).sort((a, b) => a[0] - b[0])
}

/** Escapes text for use inside a pattern. */
export function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
}

/** The literal end of a text, after its last hole. */
export function literalSuffix(v: Value): string {
  const parts = partsOf(v)
  const last = parts?.[parts.length - 1]
  return typeof last === 'string' ? last : ''
}

export const isUnknown = (v: Value): v is UnknownValue => v.kind === 'unknown'
