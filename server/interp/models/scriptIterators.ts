// Generators that are asked by hand, the symbols that the language calls by, and the texts of tagged templates.
// Specification: ECMA-262, 2024.

import type { LibraryCall } from '../run/libraryCall'
import { itemsOf } from '../run/expressions'
import { unknown } from '../run/machine'
import { returnedKey } from '../values/listItems'
import { partsOf, textOf, type Part } from '../values/text'
import { constant, dict, list, type ListValue, none, nothing, type Value } from '../values/value'
import type { LibraryModel } from './index'

const known = ['iterator', 'asyncIterator', 'toStringTag', 'toPrimitive']

/** `generator.next()`: the next value, or that there is none. */
function next(c: LibraryCall): Value {
  const left = c.self as ListValue
  if (left.open || c.m.uncertain > 0) {
    left.open = true
    return unknown(c.m, 'the next value of a generator')
  }
  const value = left.items.shift()
  return dict([
    ['value', value ?? left.properties?.get(returnedKey) ?? nothing],
    ['done', constant(value === undefined)],
  ])
}

/** The texts of a tagged template: a list of what they mean, and beside it as they are written. */
function textsOf(c: LibraryCall): Value {
  const [cooked, raw] = [c.get(0), c.get(1)]
  return cooked?.kind === 'list' && raw ? { ...cooked, properties: new Map([['raw', raw]]) } : (cooked ?? none)
}

/** `` String.raw`…` ``, or a call with the texts that a tag was given or made itself. */
function rawText(c: LibraryCall): Value {
  const texts = c.get(0)
  const raw = texts?.kind === 'list' ? texts.properties?.get('raw') : texts?.kind === 'dict' && texts.map.get('raw')
  const pieces = raw && itemsOf(c.m, raw)
  if (!pieces) return unknown(c.m, 'String.raw')
  const out: Part[] = []
  for (const [i, piece] of pieces.entries()) {
    const hole = i < pieces.length - 1 ? c.get(i + 1) : undefined
    const parts = [piece, ...(hole ? [hole] : [])].map(partsOf)
    for (const part of parts) {
      if (!part) return unknown(c.m, 'String.raw')
      out.push(...part)
    }
  }
  return textOf(out)
}

export const scriptIterators: LibraryModel = {
  calls: {
    'generator.next': next,
    'js.*texts*': textsOf,
    'js.String.raw': rawText,
    'list.[Symbol.iterator]': c => (c.self?.kind === 'list' ? { ...c.self, items: [...c.self.items] } : list([])),
    'str.[Symbol.iterator]': c => {
      const characters = c.self && itemsOf(c.m, c.self)
      return list(characters ?? [], 'list', !characters)
    },
  },
  properties: Object.fromEntries(known.map(name => [`js.Symbol.${name}`, () => constant(`[Symbol.${name}]`)] as const)),
}
