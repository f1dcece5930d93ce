// A shard's header as a page to read: what the file is, what is wrong with it, then one line for each tensor in the order
// of the header. A pure function of the facts, with the line of every tensor known, so that links can lead to it.

import type { Shard } from '../checkpoint/facts'
import type { HeaderText } from '../protocol'
import { showBytes, showCount, showShape } from './sizes'

/** A page longer than this is cut: an editor stops colouring and scrolling well before. */
const MAX_LINES = 200_000

/** The page, and the line of `tensor` (0 where it has none). */
export function headerText(shard: Shard, tensor?: string): HeaderText {
  const lines = topLines(shard)
  const rows: string[][] = [['name', 'dtype', 'shape', 'bytes', 'offsets']]
  const count = Math.min(shard.tensors.count, MAX_LINES)
  for (let i = 0; i < count; i++) {
    const { name, dtype, shape, beginBytes, endBytes } = shard.tensors.tensorAt(i)
    rows.push([plain(name), dtype, showShape(shape), String(endBytes - beginBytes), `${beginBytes}–${endBytes}`])
  }
  const widths = [0, 1, 2, 3].map(column =>
    Math.min(
      96,
      rows.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), 0),
    ),
  )
  for (const row of rows)
    lines.push(
      row
        .map((cell, i) => (i === 3 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
  if (count < shard.tensors.count) lines.push(`… and ${shard.tensors.count - count} more`)
  return { text: lines.join('\n') + '\n', line: tensor === undefined ? 0 : headerLine(shard, tensor) }
}

/** The line of a tensor on its shard's page, without making the page; 0 where the shard has no such tensor. */
export function headerLine(shard: Shard, tensor: string): number {
  const index = shard.tensors.indexOf(tensor)
  return index < 0 ? 0 : topLines(shard).length + 1 + Math.min(index, MAX_LINES)
}

/** The tensor on a line of its shard's page; undefined for a line about something else. */
export function headerTensor(shard: Shard, line: number): string | undefined {
  const index = line - topLines(shard).length - 1
  return index >= 0 && index < Math.min(shard.tensors.count, MAX_LINES) ? shard.tensors.nameAt(index) : undefined
}

function topLines(shard: Shard): string[] {
  const lines = [
    `file      ${plain(shard.path)}`,
    `size      ${shard.sizeBytes} bytes (${showBytes(shard.sizeBytes)})`,
    `tensors   ${showCount(shard.tensors.count, 'tensor')}, ${shard.dataBytes} bytes (${showBytes(shard.dataBytes)})`,
  ]
  for (const [key, value] of shard.metadata) lines.push(`metadata  ${plain(key)} = ${plain(value)}`)
  for (const { kind, message } of shard.problems) lines.push(`problem   ${kind}: ${plain(message)}`)
  return [...lines, '']
}

/** Names come from strangers: one that holds a line break must not look like two lines. */
function plain(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g,
    char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
