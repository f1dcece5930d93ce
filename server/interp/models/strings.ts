// String methods of Python and JavaScript, on strings with holes where that is exact.

import type { LibraryCall } from '../run/libraryCall'
import { itemsOf } from '../run/expressions'
import { unknown } from '../run/machine'
import { mapLiterals, partsOf, textOf, type Part } from '../values/text'
import { constant, isNumber, isString, list, type Value } from '../values/value'
import type { LibraryModel } from './index'
import { expressionOf, matchOf } from './regex'
import { replaceWithFunction, splitByExpression } from './scriptText'

export const lost = (c: LibraryCall): Value => unknown(c.m, `${c.name} of a text that is not known`)
const text = (v: Value | undefined) => (v && isString(v) ? v.value : undefined)

/** A function of a known string and known string arguments. */
export const exact =
  (f: (self: string, args: readonly (string | undefined)[], c: LibraryCall) => Value | undefined) =>
  (c: LibraryCall): Value => {
    const self = text(c.self)
    if (self === undefined) return lost(c)
    return (
      f(
        self,
        c.args.positional.map(a => text(a.value)),
        c,
      ) ?? lost(c)
    )
  }

function replace(c: LibraryCall): Value {
  const replaced = replaceWithFunction(c)
  if (replaced) return replaced
  const [from, to] = [text(c.get(0)), text(c.get(1))]
  const expression = expressionOf(c.get(0))
  if (expression && to !== undefined && c.self) return replaceMatch(c, c.self, expression, to)
  if (from === undefined || to === undefined || !c.self) return lost(c)
  const firstOnly = c.javascript && c.name === 'str.replace'
  const apply = (s: string) => (firstOnly ? s.replace(from, () => to) : s.split(from).join(to))
  if (isString(c.self)) return constant(apply(c.self.value))
  return c.self.kind === 'template' ? mapLiterals(c.self, apply) : lost(c)
}

/** Replaces by an expression; across holes only where its anchors say which literal part is meant. */
function replaceMatch(c: LibraryCall, self: Value, expression: RegExp, to: string): Value {
  if (isString(self)) return constant(self.value.replace(expression, to))
  if (self.kind !== 'template') return lost(c)
  const atStart = expression.source.startsWith('^')
  const atEnd = expression.source.endsWith('$')
  const meant = (i: number) => (!atStart || i === 0) && (!atEnd || i === self.parts.length - 1)
  return textOf(self.parts.map((p, i) => (typeof p === 'string' && meant(i) ? p.replace(expression, to) : p)))
}

/** Answers for the end of a text that has no hole. */
function affix(side: 'start' | 'end') {
  return (c: LibraryCall): Value => {
    const parts = c.self && partsOf(c.self)
    const wanted = c.get(0)
    const options = wanted && (wanted.kind === 'list' ? wanted.items.map(text) : [text(wanted)])
    if (!parts || !options) return lost(c)
    const edge = parts[side === 'start' ? 0 : parts.length - 1]
    let possible = false
    for (const option of options) {
      if (option === undefined || typeof edge !== 'string') return lost(c)
      const matches = side === 'start' ? edge.startsWith(option) : edge.endsWith(option)
      if (matches) return constant(true)
      if (parts.length > 1 && option.length > edge.length) possible = true
    }
    return possible ? lost(c) : constant(false)
  }
}

function removeAffix(side: 'prefix' | 'suffix') {
  return (c: LibraryCall): Value => {
    const parts = c.self && partsOf(c.self)
    const affixText = text(c.get(0))
    if (!parts || affixText === undefined) return lost(c)
    const index = side === 'prefix' ? 0 : parts.length - 1
    const edge = parts[index]
    if (typeof edge !== 'string') return lost(c)
    const has = side === 'prefix' ? edge.startsWith(affixText) : edge.endsWith(affixText)
    if (!has) return c.self ?? lost(c)
    const cut = side === 'prefix' ? edge.slice(affixText.length) : edge.slice(0, edge.length - affixText.length)
    return textOf(parts.map((p, i): Part => (i === index ? cut : p)))
  }
}

function split(c: LibraryCall): Value {
  const cut = splitByExpression(c)
  if (cut) return cut
  const separator = text(c.get(0, 'sep'))
  const parts = c.self && partsOf(c.self)
  const limit = c.get(1, 'maxsplit')
  if (!parts || (separator === undefined && c.args.positional.length > 0) || (limit && !isNumber(limit))) return lost(c)
  const pieces: Part[][] = [[]]
  for (const part of parts) {
    if (typeof part !== 'string') {
      pieces[pieces.length - 1]?.push(part)
      continue
    }
    const [first = '', ...rest] = separator === undefined ? part.trim().split(/\s+/) : part.split(separator)
    pieces[pieces.length - 1]?.push(first)
    for (const piece of rest) pieces.push([piece])
  }
  const count = limit && isNumber(limit) && limit.value >= 0 ? limit.value : Number.POSITIVE_INFINITY
  const values = pieces.map(p => textOf(p))
  if (values.length - 1 <= count || c.javascript) return list(values.slice(0, c.javascript ? count : undefined))
  const join = (some: Part[][]) => textOf(some.flatMap((p, i) => (i > 0 ? [separator ?? ' ', ...p] : p)))
  if (c.name === 'str.rsplit') {
    const first = pieces.length - count
    return list([join(pieces.slice(0, first)), ...values.slice(first)])
  }
  return list([...values.slice(0, count), join(pieces.slice(count))])
}

export function format(c: LibraryCall): Value {
  const parts = c.self && partsOf(c.self)
  if (!parts) return lost(c)
  let next = 0
  const out: Part[] = []
  for (const part of parts) {
    if (typeof part !== 'string') {
      out.push(part)
      continue
    }
    const given = (name: string) =>
      name === '' ? c.get(next++) : /^\d+$/.test(name) ? c.get(Number(name)) : c.get(-1, name)
    for (const piece of part.split(/(\{\{|\}\}|\{\w*(?::(?:[^{}]|\{\w*\})*)?\})/)) {
      if (piece === '{{' || piece === '}}') out.push(piece[0] ?? '')
      else if (/^\{.*\}$/.test(piece)) {
        const [, name = '', written = ''] = /^\{(\w*):?(.*)\}$/.exec(piece) ?? []
        const value = given(name)
        const specification = written.replace(/\{(\w*)\}/g, (_, inner: string) => {
          const width = given(inner)
          return width?.kind === 'const' ? String(width.value) : '{}'
        })
        const filled = value && padded(value, specification)
        if (!filled) return lost(c)
        out.push(...filled)
      } else if (/[{}]/.test(piece)) return lost(c)
      else out.push(piece)
    }
  }
  return textOf(out)
}

/** A value as a text of at least so many characters, as `05d` or `>8` ask for; undefined where that is not known. */
function padded(v: Value, specification: string): readonly Part[] | undefined {
  const parts = partsOf(v)
  const [only] = parts ?? []
  if (specification === '' || (specification === 'd' && isNumber(v)) || (specification === 's' && isString(v)))
    return parts
  const found = /^(?:(.?)([<>]))?(0?)(\d*)([ds]?)$/.exec(specification)
  if (!found || v.kind !== 'const' || v.isFloat === true || typeof only !== 'string') return undefined
  const [, fill, side, zero, width, kind] = found
  if (kind !== '' && (kind === 'd') !== isNumber(v)) return undefined
  const left = side === '<' || (side === undefined && !isNumber(v))
  const filler = fill || (zero ? '0' : ' ')
  const size = Number(width)
  return [left ? only.padEnd(size, filler) : only.padStart(size, filler)]
}

/** `$name` and `${name}` of a template, which are all given by name. */
function substitute(c: LibraryCall): Value {
  const template = c.self?.kind === 'instance' ? text(c.self.attributes.get('template')) : undefined
  if (template === undefined || c.args.open || c.args.positional.length > 0) return lost(c)
  const out: Part[] = []
  for (const piece of template.split(/(\$\$|\$\w+|\$\{\w+\})/)) {
    const name = /^\$\{?(\w+)\}?$/.exec(piece)?.[1]
    const value = name === undefined ? undefined : c.get(-1, name)
    const filled = piece === '$$' ? ['$'] : name === undefined ? [piece] : value && partsOf(value)
    if (!filled) return lost(c)
    out.push(...filled)
  }
  return textOf(out)
}

function joinItems(c: LibraryCall): Value {
  const separator = text(c.self)
  const argument = c.get(0)
  const items = argument && itemsOf(c.m, argument)
  if (separator === undefined || !items) return lost(c)
  const out: Part[] = []
  for (const [i, item] of items.entries()) {
    const parts = partsOf(item)
    if (!parts) return lost(c)
    if (i > 0) out.push(separator)
    out.push(...parts)
  }
  return textOf(out)
}

function pad(c: LibraryCall): Value {
  const width = c.get(0)
  const self = c.self && partsOf(c.self)
  if (!width || !isNumber(width) || self?.length !== 1 || typeof self[0] !== 'string') return lost(c)
  return constant(self[0].padStart(width.value, '0'))
}

/** A place in a text; one that the part is not in is not followed, for Python raises there. */
const placeIn = (part: string | undefined, at: number): Value | undefined =>
  part === undefined || at < 0 ? undefined : constant(at)

export const strings: LibraryModel = {
  calls: {
    'str.replace': replace,
    'str.replaceAll': replace,
    'str.startswith': affix('start'),
    'str.startsWith': affix('start'),
    'str.endswith': affix('end'),
    'str.endsWith': affix('end'),
    'str.removeprefix': removeAffix('prefix'),
    'str.removesuffix': removeAffix('suffix'),
    'str.split': split,
    'str.rsplit': split,
    'str.format': format,
    'py.format': c => {
      const [value, specification] = [c.get(0), text(c.get(1) ?? constant(''))]
      const filled = value && specification !== undefined ? padded(value, specification) : undefined
      return filled ? textOf(filled) : value?.kind === 'unknown' ? value : unknown(c.m, 'format')
    },
    'string.Template': c => ({
      kind: 'instance',
      of: { kind: 'library', name: 'string.Template' },
      attributes: new Map([['template', c.get(0, 'template') ?? constant('')]]),
    }),
    'string.Template.substitute': substitute,
    'string.Template.safe_substitute': substitute,
    'str.join': joinItems,
    'str.zfill': pad,
    'str.concat': c =>
      textOf([...(partsOf(c.self ?? constant('')) ?? []), ...c.args.positional.flatMap(a => partsOf(a.value) ?? [])]),
    'str.lower': exact(s => constant(s.toLowerCase())),
    'str.toLowerCase': exact(s => constant(s.toLowerCase())),
    'str.upper': exact(s => constant(s.toUpperCase())),
    'str.toUpperCase': exact(s => constant(s.toUpperCase())),
    'str.trim': exact(s => constant(s.trim())),
    'str.isdigit': exact(s => constant(/^\d+$/.test(s))),
    'str.includes': exact((s, [part]) => (part === undefined ? undefined : constant(s.includes(part)))),
    'str.count': exact((s, [part]) => (part ? constant(s.split(part).length - 1) : undefined)),
    'str.find': exact((s, [part]) => (part === undefined ? undefined : constant(s.indexOf(part)))),
    'str.indexOf': exact((s, [part]) => (part === undefined ? undefined : constant(s.indexOf(part)))),
    'str.index': exact((s, [part]) => placeIn(part, s.indexOf(part ?? ''))),
    'str.rindex': exact((s, [part]) => placeIn(part, s.lastIndexOf(part ?? ''))),
    'str.rfind': exact((s, [part]) => (part === undefined ? undefined : constant(s.lastIndexOf(part)))),
    'str.lastIndexOf': exact((s, [part]) => (part === undefined ? undefined : constant(s.lastIndexOf(part)))),
    'str.match': c => matchOf(c, expressionOf(c.get(0)), c.self, true),
    'str.toString': c => c.self ?? lost(c),
    'str.partition': exact((s, [separator]) => {
      const at = separator ? s.indexOf(separator) : -1
      if (!separator) return undefined
      const three = at < 0 ? [s, '', ''] : [s.slice(0, at), separator, s.slice(at + separator.length)]
      return list(three.map(constant), 'tuple')
    }),
    'str.rpartition': exact((s, [separator]) => {
      if (!separator) return undefined
      const at = s.lastIndexOf(separator)
      const three = at < 0 ? ['', '', s] : [s.slice(0, at), separator, s.slice(at + separator.length)]
      return list(three.map(constant), 'tuple')
    }),
  },
}
