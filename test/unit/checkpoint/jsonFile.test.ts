// JSON as Python reads it, with places, and never an exception.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findProperty, readJsonFile, valueOf } from '../../../server/checkpoint/jsonFile'

const problems = (text: string): string[] =>
  readJsonFile('/m/config.json', text).problems.map(problem => problem.message)
const value = (text: string): unknown => {
  const { root } = readJsonFile('/m/config.json', text)
  return root && JSON.parse(JSON.stringify(valueOf(root)))
}

test('values have their places', () => {
  const text = '{"quantization": {"bits": 4, "lm_head": false}, "a": [1, {"b": 2}]}'
  const file = readJsonFile('/m/config.json', text)
  expect(file.problems).toEqual([])
  const bits = findProperty(file.root, ['quantization', 'bits'])
  expect(bits && text.slice(bits.offset, bits.offset + bits.length)).toBe('4')
  expect(findProperty(file.root, ['a', 1, 'b'])?.value).toBe(2)
  expect(findProperty(file.root, ['a', 'b'])).toBeUndefined()
  expect(findProperty(file.root, ['quantization', 'bits', 'x'])).toBeUndefined()
  expect(findProperty(undefined, ['a'])).toBeUndefined()
})

test('of a key twice the last counts, as in Python', () => {
  const file = readJsonFile('/m/config.json', '{"bits": 4, "bits": 8}')
  expect(file.problems).toEqual([])
  expect(findProperty(file.root, ['bits'])?.value).toBe(8)
  expect(file.root && valueOf(file.root)).toEqual({ bits: 8 })
})

test('__proto__ is a key like any other', () => {
  const { root } = readJsonFile('/m/config.json', '{"__proto__": {"bits": 4}, "constructor": 1}')
  const read = root && (valueOf(root) as Record<string, unknown>)
  expect(read && Object.keys(read)).toEqual(['__proto__', 'constructor'])
  expect(({} as { bits?: number }).bits).toBeUndefined()
  expect(findProperty(root, ['toString'])).toBeUndefined()
})

test('NaN and Infinity are numbers to Python; inside strings they are text', () => {
  const { root, problems: found } = readJsonFile(
    '/m/config.json',
    '{"a": NaN, "b": [-Infinity, Infinity], "c": "NaN Infinity"}',
  )
  expect(found).toEqual([])
  expect(root && valueOf(root)).toEqual({ a: Number.NaN, b: [-Infinity, Infinity], c: 'NaN Infinity' })
})

test('what Python refuses is a problem where it is', () => {
  expect(problems('{"a": 1, // no\\n "b": 2}')).not.toEqual([])
  expect(problems('{"a": 1,}')).not.toEqual([])
  expect(problems("{'a': 1}")).not.toEqual([])
  expect(problems('{"a": 1} x')).not.toEqual([])
  expect(problems('{"a": nan}')).not.toEqual([])
  expect(problems('')).toEqual(['the file is empty, expected JSON'])
  expect(problems('{"a": "b')).not.toEqual([])
  expect(problems('\ufeff{"a": 1}')).toEqual(['the file begins with a byte-order mark, which JSON does not allow'])
  const [first] = readJsonFile('/m/config.json', '{"a": 1 "b": 2}').problems
  expect(first).toEqual({ offset: 8, length: 3, message: '"\\"b\\"" found where "," is expected' })
})

test('a broken file still gives what precedes the fault', () => {
  expect(value('{"quantization": {"bits": 4, "group_size": ')).toMatchObject({ quantization: { bits: 4 } })
})

test('nesting does not exhaust the stack', () => {
  for (const text of ['['.repeat(100_000), '{"a":'.repeat(100_000), `${'['.repeat(5000)}${']'.repeat(5000)}`]) {
    const file = readJsonFile('/m/config.json', text)
    expect(file.root).toBeUndefined()
    expect(file.problems).toHaveLength(1)
  }
  expect(problems(`${'['.repeat(500)}${']'.repeat(500)}`)).toEqual([])
})

test('any JSON is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.json(), text => {
      const file = readJsonFile('a', text)
      expect(file.problems).toEqual([])
      expect(file.root && JSON.stringify(valueOf(file.root))).toBe(JSON.stringify(JSON.parse(text)))
    }),
    { seed: 6 },
  )
})

test('any text is read', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:\\\n/* 1.e-NaIfinty') }), text => {
      const file = readJsonFile('a', text)
      if (file.root) valueOf(file.root)
      expect(file.problems.every(problem => problem.offset >= 0 && problem.offset <= text.length)).toBe(true)
    }),
    { seed: 7, numRuns: 1000 },
  )
})
