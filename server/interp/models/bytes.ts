// Bytes in Node: buffers, views and typed arrays, and files that are read piece by piece. What stands in a buffer is known
// by the file and the place that it was read from; of a shard that is its header, whatever is behind it is some number.

import { callFunction } from '../run/calls'
import type { LibraryCall } from '../run/libraryCall'
import { itemsOf } from '../run/expressions'
import { type Machine, someNumber, unknown } from '../run/machine'
import { headerBytes, headerOf, prefixBytes, shardAt, type StoredFile } from '../stored/rawBytes'
import { noteAnyTaken } from '../stored/takes'
import {
  constant,
  dict,
  type InstanceValue,
  isNumber,
  list,
  none,
  type Place,
  type Value,
  wholeNumber,
} from '../values/value'
import { open } from './files'
import type { LibraryModel } from './index'
import { jsonTextOf } from './writing'

const viewName = 'js.bytes'
const handleName = 'fs.handle'
/** Longer arrays are not held number by number. */
const longestArray = 4_096

const isOf = (v: Value | undefined, name: string): v is InstanceValue =>
  v?.kind === 'instance' && v.of.kind === 'library' && v.of.name === name
const isView = (v: Value | undefined): v is InstanceValue => isOf(v, viewName)
const count = (v: Value | undefined): number | undefined => (v && isNumber(v) ? v.value : undefined)
const known = (m: Machine, n: number | undefined): Value =>
  n === undefined ? someNumber(m, 'a length') : wholeNumber(n)

/** A part of a store: all views of it see what is read into it. A store is a view of itself. */
function viewOf(
  m: Machine,
  store: InstanceValue | undefined,
  offset: number,
  length: number | undefined,
): InstanceValue {
  const made: InstanceValue = { kind: 'instance', of: { kind: 'library', name: viewName }, attributes: new Map() }
  made.attributes.set('buffer', store ?? made)
  made.attributes.set('byteOffset', wholeNumber(offset))
  made.attributes.set('byteLength', known(m, length))
  made.attributes.set('length', known(m, length))
  return made
}

const storeOf = (view: InstanceValue): InstanceValue => {
  const store = view.attributes.get('buffer')
  return store?.kind === 'instance' ? store : view
}

/** Where a byte of a view stands in which file. */
function placeOf(c: LibraryCall, view: InstanceValue, offset = 0): { file: StoredFile; at: number } | undefined {
  const store = storeOf(view).attributes
  const [path, from, start] = [store.get('#path'), count(store.get('#from')), count(view.attributes.get('byteOffset'))]
  const file = path && shardAt(c.m, path, c.at)
  return file && from !== undefined && start !== undefined ? { file, at: from + start + offset } : undefined
}

/** All bytes of a file that was read at once. */
function wholeFile(m: Machine, path: Value, at: Place): InstanceValue {
  const view = viewOf(m, undefined, 0, shardAt(m, path, at)?.shard.sizeBytes)
  view.attributes.set('#path', path)
  view.attributes.set('#from', wholeNumber(0))
  return view
}

const asView = (c: LibraryCall, v: Value | undefined): InstanceValue | undefined =>
  isView(v) ? v : v?.kind === 'file' && v.as === 'text' ? wholeFile(c.m, v.path, c.at) : undefined

/** The number of so many bytes at an offset of a view. */
function numberAt(c: LibraryCall, view: InstanceValue, offset: number | undefined, width: number): Value {
  const place = offset === undefined ? undefined : placeOf(c, view, offset)
  const header = place && headerBytes(place.file)
  if (!place || header === undefined) return someNumber(c.m, 'a number in a file')
  if (place.at === 0 && width >= 4) return wholeNumber(header)
  if (place.at === 4 && width === 4) return wholeNumber(0)
  noteRead(c, place.file)
  return someNumber(c.m, 'a number in a file')
}

/** Whoever reads the numbers of a file by itself may read all of them. */
const noteRead = (c: LibraryCall, file: StoredFile): void =>
  noteAnyTaken(c.m, [{ entries: [{ ...file, assign: [] }], named: true }])

const reads =
  (width: number) =>
  (c: LibraryCall): Value => {
    const view = asView(c, c.self)
    return view ? numberAt(c, view, c.get(0) ? count(c.get(0)) : 0, width) : someNumber(c.m, 'a number in a file')
  }

/** The text of some bytes, if they are the header of a shard. */
function textIn(c: LibraryCall, view: InstanceValue, from: number | undefined, to: number | undefined): Value {
  const length = to ?? count(view.attributes.get('byteLength'))
  const place = from === undefined ? undefined : placeOf(c, view, from)
  const header = place && headerBytes(place.file)
  if (!place || from === undefined || length === undefined || place.at !== prefixBytes || length - from !== header)
    return unknown(c.m, 'the text of some bytes')
  const value = headerOf(c.m, place.file)
  return value ? jsonTextOf(value) : unknown(c.m, 'a long header')
}

function part(c: LibraryCall): Value {
  const view = asView(c, c.self)
  const [from, to] = [c.get(0) ? count(c.get(0)) : 0, c.get(1)]
  const start = view && count(view.attributes.get('byteOffset'))
  if (!view || from === undefined || from < 0 || start === undefined) return unknown(c.m, 'a part of some bytes')
  const end = to ? count(to) : count(view.attributes.get('byteLength'))
  return viewOf(c.m, storeOf(view), start + from, end === undefined || end < from ? undefined : end - from)
}

/** `new Uint8Array(…)`, `new DataView(…)`, `Buffer.from(…)`: of a length, of a store, or of other bytes. */
function makeView(c: LibraryCall): Value {
  const first = c.get(0)
  const view = asView(c, first)
  if (!view) return first && isNumber(first) ? viewOf(c.m, undefined, 0, first.value) : unknown(c.m, 'some bytes')
  const start = count(view.attributes.get('byteOffset'))
  const offset = c.get(1) ? count(c.get(1)) : 0
  if (start === undefined || offset === undefined) return unknown(c.m, 'some bytes')
  const whole = count(view.attributes.get('byteLength'))
  const length = c.get(2) ? count(c.get(2)) : whole === undefined ? undefined : whole - offset
  return viewOf(c.m, storeOf(view), start + offset, length)
}

/** A typed array is a list that knows how many bytes it takes. */
const numbersOf = (c: LibraryCall, width: number, items: Value[], open = false): Value => {
  const sizes: [string, Value][] = [
    ['BYTES_PER_ELEMENT', wholeNumber(width)],
    ['byteLength', open ? someNumber(c.m, 'a length') : wholeNumber(items.length * width)],
  ]
  return { ...list(items, 'list', open), properties: new Map(sizes) }
}

/** `new Float32Array(…)`: a list of numbers, where there are few. */
const makeNumbers =
  (width: number) =>
  (c: LibraryCall): Value => {
    const first = c.get(0)
    if (first && isNumber(first))
      return first.value <= longestArray
        ? numbersOf(
            c,
            width,
            Array.from({ length: first.value }, () => wholeNumber(0)),
          )
        : numbersOf(c, width, [], true)
    const view = makeView(c)
    if (!isView(view)) {
      const items = first && itemsOf(c.m, first)
      return numbersOf(c, width, items ? [...items] : [], !items)
    }
    const whole = count(view.attributes.get('byteLength'))
    const length = c.get(2) ? count(c.get(2)) : whole === undefined ? undefined : Math.floor(whole / width)
    if (length === undefined || length > longestArray) {
      numberAt(c, view, prefixBytes, width)
      return numbersOf(c, width, [], true)
    }
    return numbersOf(
      c,
      width,
      Array.from({ length }, (_, i) => numberAt(c, view, i * width, width)),
    )
  }

/** `Float32Array.from(items, f)`. */
const fromItems =
  (width: number) =>
  (c: LibraryCall): Value => {
    const [from, f] = [c.get(0), c.get(1)]
    if (!f) return makeNumbers(width)(c)
    const items = from && itemsOf(c.m, from)
    return numbersOf(c, width, items?.map((item, i) => callFunction(c.m, f, [item, wholeNumber(i)], c)) ?? [], !items)
  }

/** `numbers.set(others, offset)` of a typed array. */
function setNumbers(c: LibraryCall): Value {
  const [self, from, offset] = [c.self, c.get(0), c.get(1) ? count(c.get(1)) : 0]
  if (self?.kind !== 'list') return none
  const items = from && itemsOf(c.m, from)
  if (items && offset !== undefined && c.m.uncertain === 0) self.items.splice(offset, items.length, ...items)
  else for (const i of self.items.keys()) self.items[i] = someNumber(c.m, 'a number that may have been set')
  return none
}

/** Reads a piece of a file into a buffer; says how many bytes, and leaves the handle behind them. */
function readInto(c: LibraryCall, handle: Value | undefined, args: readonly (Value | undefined)[]): Value {
  const [given, second, third, fourth] = args
  const settings = given?.kind === 'dict' ? given : second?.kind === 'dict' ? second : undefined
  const option = (name: string, plain: Value | undefined) => (settings ? settings.map.get(name) : plain)
  const target = given?.kind === 'dict' ? given.map.get('buffer') : given
  if (!isOf(handle, handleName) || !isView(target)) return someNumber(c.m, 'how many bytes were read')
  const isGiven = (v: Value | undefined): v is Value => v !== undefined && !(v.kind === 'const' && v.value === null)
  const [offset, length, position] = [option('offset', second), option('length', third), option('position', fourth)]
  const into = isGiven(offset) ? count(offset) : 0
  const size = isGiven(length) ? count(length) : count(target.attributes.get('byteLength'))
  const from = isGiven(position) ? count(position) : count(handle.attributes.get('#at'))
  const start = count(target.attributes.get('byteOffset'))
  const isSure = c.m.uncertain === 0 && into !== undefined && from !== undefined && start !== undefined
  const { attributes } = storeOf(target)
  attributes.set('#path', handle.attributes.get('#path') ?? none)
  attributes.set('#from', isSure ? constant(from - start - into) : unknown(c.m, 'where a buffer was read from'))
  if (!isGiven(position))
    handle.attributes.set('#at', isSure && size !== undefined ? wholeNumber(from + size) : unknown(c.m, 'a position'))
  return known(c.m, size)
}

const openHandle = (c: LibraryCall): Value => {
  const path = c.get(0)
  const file = path?.kind === 'file' ? path.path : (path ?? none)
  open(c, file, c.get(1))
  const attributes = new Map<string, Value>([
    ['#path', file],
    ['#at', wholeNumber(0)],
  ])
  return { kind: 'instance', of: { kind: 'library', name: handleName }, attributes }
}

/** `fs.statSync(path)`: how long a shard is. */
function stats(c: LibraryCall, path: Value | undefined): Value {
  const shard = path && shardAt(c.m, path.kind === 'file' ? path.path : path, c.at)?.shard
  const attributes = new Map<string, Value>([['size', shard ? constant(shard.sizeBytes) : someNumber(c.m, 'a size')]])
  return { kind: 'instance', of: { kind: 'library', name: 'fs.Stats' }, attributes }
}

/** Whether what stats were asked of is a file: a shard is one. */
const ofFile = (c: LibraryCall, isWanted: boolean): Value =>
  c.self?.kind === 'instance' && count(c.self.attributes.get('size')) !== undefined
    ? constant(isWanted)
    : unknown(c.m, 'whether it is a file')

const handlePath = (v: Value | undefined): Value | undefined =>
  isOf(v, handleName) ? v.attributes.get('#path') : undefined

const widths: Readonly<Record<string, number>> = {
  ...{ BigUInt64LE: 8, BigInt64LE: 8, UInt32LE: 4, Int32LE: 4, FloatLE: 4, UInt16LE: 2, UInt8: 1 },
}
const getters: Readonly<Record<string, number>> = {
  ...{ BigUint64: 8, BigInt64: 8, Float64: 8, Uint32: 4, Int32: 4, Float32: 4, Uint16: 2, Uint8: 1 },
}
const arrays: Readonly<Record<string, number>> = {
  ...{ BigUint64: 8, BigInt64: 8, Float64: 8, Float32: 4, Uint32: 4, Int32: 4, Uint16: 2 },
}

const eachOf = (
  table: Readonly<Record<string, number>>,
  name: (key: string) => string,
  model: (width: number) => (c: LibraryCall) => Value,
): LibraryModel['calls'] => Object.fromEntries(Object.entries(table).map(([key, width]) => [name(key), model(width)]))

const toText = (c: LibraryCall): Value => {
  const view = asView(c, c.self)
  return view
    ? textIn(c, view, c.get(1) ? count(c.get(1)) : 0, count(c.get(2)))
    : unknown(c.m, 'the text of some bytes')
}

const ofWhole =
  (name: string) =>
  (m: Machine, self: Value, at: Place): Value =>
    (self.kind === 'file' ? wholeFile(m, self.path, at).attributes.get(name) : undefined) ?? unknown(m, name)

export const bytes: LibraryModel = {
  calls: {
    'js.Buffer.alloc': makeView,
    'js.Buffer.allocUnsafe': makeView,
    'js.Buffer.from': makeView,
    'js.ArrayBuffer': makeView,
    'js.Uint8Array': makeView,
    'js.DataView': makeView,
    ...eachOf(arrays, name => `js.${name}Array`, makeNumbers),
    ...eachOf(arrays, name => `js.${name}Array.from`, fromItems),
    'list.set': setNumbers,
    ...eachOf(widths, name => `${viewName}.read${name}`, reads),
    ...eachOf(getters, name => `${viewName}.get${name}`, reads),
    ...eachOf({ BigUInt64LE: 8, UInt32LE: 4 }, name => `file.read${name}`, reads),
    [`${viewName}.subarray`]: part,
    [`${viewName}.slice`]: part,
    [`${viewName}.toString`]: toText,
    'file.toString': c => (c.get(1) ? toText(c) : (c.self ?? none)),
    'file.subarray': part,
    'file.slice': part,
    'js.TextDecoder': c => ({ kind: 'instance', of: { kind: 'library', name: c.name }, attributes: new Map() }),
    'js.TextDecoder.decode': c => {
      const view = asView(c, c.get(0))
      return view ? textIn(c, view, 0, undefined) : unknown(c.m, 'the text of some bytes')
    },
    'fs.openSync': openHandle,
    'fs.open': openHandle,
    'fs.readSync': c =>
      readInto(
        c,
        c.get(0),
        [1, 2, 3, 4].map(i => c.get(i)),
      ),
    [`${handleName}.read`]: c => {
      const into = c.get(0)
      const read = readInto(
        c,
        c.self,
        [0, 1, 2, 3].map(i => c.get(i)),
      )
      const buffer = into?.kind === 'dict' ? into.map.get('buffer') : into
      return dict([
        ['bytesRead', read],
        ['buffer', buffer ?? unknown(c.m, 'a buffer')],
      ])
    },
    [`${handleName}.readFile`]: c => ({ kind: 'file', as: 'text', path: handlePath(c.self) ?? none }),
    [`${handleName}.stat`]: c => stats(c, handlePath(c.self)),
    [`${handleName}.close`]: () => none,
    'fs.Stats.isFile': c => ofFile(c, true),
    'fs.Stats.isDirectory': c => ofFile(c, false),
    'fs.closeSync': () => none,
    'fs.fstatSync': c => stats(c, handlePath(c.get(0))),
    'fs.statSync': c => stats(c, c.get(0)),
    'fs.stat': c => stats(c, c.get(0)),
  },
  properties: Object.fromEntries(
    ['buffer', 'byteOffset', 'byteLength', 'length'].map(name => [`file.${name}`, ofWhole(name)] as const),
  ),
}
