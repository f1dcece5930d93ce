// How the readings of two arrays go together: by the symbols that both depend on, and without losing which tensor is whose.

import { expect, test } from 'vitest'
import {
  onlyReading,
  pick,
  pickedFrom,
  type Readings,
  stackItems,
  stackRows,
  together,
} from '../../../server/interp/values/readings'

const layers: Readings = { symbols: [7], rows: [['0'], ['1'], ['2']] }
const experts: Readings = {
  symbols: [9, 7],
  rows: [
    ['a', '1'],
    ['b', '1'],
    ['a', '2'],
    ['a', '5'],
  ],
}

test('what depends on nothing takes the readings of the other', () => {
  expect(together(layers, onlyReading)).toEqual({ readings: layers, left: 'all', right: 0 })
  expect(together(onlyReading, layers)).toEqual({ readings: layers, left: 0, right: 'all' })
  expect(together(onlyReading, onlyReading)).toMatchObject({ left: 'all', right: 'all' })
})

test('symbols that both depend on must stand for the same', () => {
  const both = together(layers, experts)
  expect(both?.readings.symbols).toEqual([7, 9])
  expect(both?.readings.rows).toEqual([
    ['1', 'a'],
    ['1', 'b'],
    ['2', 'a'],
  ])
  expect(pick(['w0', 'w1', 'w2'], both?.left ?? 'all', 3)).toEqual(['w1', 'w1', 'w2'])
  expect(pick(['s0', 's1', 's2', 's3'], both?.right ?? 'all', 3)).toEqual(['s0', 's1', 's2'])
})

test('readings that contradict one another never hold together', () => {
  const other: Readings = { symbols: [7], rows: [['8']] }
  expect(together(layers, other)?.readings.rows).toEqual([])
})

test('symbols of different things are combined in every way', () => {
  const files: Readings = { symbols: [3], rows: [['x'], ['y']] }
  expect(together(files, layers)?.readings.rows).toHaveLength(6)
})

test('the same table, or one that says the same, is known again', () => {
  expect(together(layers, { symbols: [7], rows: layers.rows })?.readings).toBe(layers)
  const alike: Readings = { symbols: [7], rows: layers.rows.map(row => [...row]) }
  const both = together(layers, alike)
  expect(both?.readings.rows).toBe(layers.rows)
  expect(together(layers, alike)?.readings.rows).toBe(both?.readings.rows)
})

test('the same two tables with other symbols go together in another way', () => {
  const a: Readings = { symbols: [1], rows: layers.rows }
  const b: Readings = { symbols: [2], rows: layers.rows }
  expect(together(a, b)?.readings.rows).toHaveLength(9)
  expect(together(a, { symbols: [1], rows: layers.rows })?.readings.rows).toHaveLength(3)
})

test('more readings than are followed are none', () => {
  const many = (symbol: number): Readings => ({
    symbols: [symbol],
    rows: Array.from({ length: 200 }, (_, i) => [String(i)]),
  })
  expect(together(many(1), many(2))).toBeUndefined()
  expect(together(many(1), many(1))?.readings.rows).toHaveLength(200)
})

test('long tables go together where every row has its partner', () => {
  const long = (): Readings => ({ symbols: [1], rows: Array.from({ length: 30_000 }, (_, i) => [String(i)]) })
  expect(together(long(), long())?.readings.rows).toHaveLength(30_000)
})

test('one selection after another', () => {
  expect(pickedFrom('all', 3)).toBe(3)
  expect(pickedFrom(3, 'all')).toBe(3)
  expect(pickedFrom(Int32Array.of(5, 6, 7), 1)).toBe(6)
  expect(pickedFrom(2, Int32Array.of(0, 0))).toBe(2)
  expect(pickedFrom(Int32Array.of(5, 6, 7), Int32Array.of(2, 0))).toEqual(Int32Array.of(7, 5))
})

test('tables one after the other say which of them a row is from, and are made once', () => {
  const tables = [layers.rows, [['0']]]
  expect(stackRows(tables, 4)).toEqual([
    ['0', '4'],
    ['1', '4'],
    ['2', '4'],
    ['0', '5'],
  ])
  expect(stackRows([...tables], 4)).toBe(stackRows(tables, 4))
  expect(stackRows(tables, 5)).not.toBe(stackRows(tables, 4))
  expect(stackItems([['a'], ['b', 'c']])).toEqual(['a', 'b', 'c'])
})
