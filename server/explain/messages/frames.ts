// The frames of a pasted traceback, Python's, IPython's or JavaScript's, and the sources of the workspace that they name.
// A path from another machine still counts where its last parts are those of a source here.

import type { Program } from '../../source/ir'
import { maxText } from './index'

export interface Frame {
  readonly path: string
  /** Zero-based. */
  readonly line: number
}

/** A frame in a source of the workspace. */
export interface OwnFrame extends Frame {
  readonly program: Program
}

/** More frames than this come from a recursion. */
const mostFrames = 2_000

/** Frames in the order of the text. */
export function framesOf(text: string): readonly Frame[] {
  const frames: Frame[] = []
  for (const line of text.slice(-maxText).split('\n')) {
    const frame = frameOf(line.slice(0, 2_000).trim())
    if (frame) frames.push(frame)
    if (frames.length >= mostFrames) break
  }
  return frames
}

function frameOf(line: string): Frame | undefined {
  const python = /^File "([^"]{1,1000})", line (\d{1,9})/.exec(line) ?? /^File ([^\s:]{1,1000}):(\d{1,9})/.exec(line)
  if (python) return { path: python[1] ?? '', line: Number(python[2]) - 1 }
  if (!line.startsWith('at ')) return undefined
  const bracket = line.lastIndexOf('(')
  const where = (bracket >= 0 ? line.slice(bracket + 1) : line.slice(3)).replace(/\)$/, '').replace(/^async /, '')
  const column = where.lastIndexOf(':')
  const row = where.lastIndexOf(':', column - 1)
  const number = Number(where.slice(row + 1, column))
  if (row <= 0 || !Number.isInteger(number) || number < 1) return undefined
  return { path: where.slice(0, row).replace(/^file:\/\//, ''), line: number - 1 }
}

/** The frames that lie in sources of the workspace. */
export function ownFrames(frames: readonly Frame[], programs: readonly Program[]): readonly OwnFrame[] {
  const byName = new Map<string, Program[]>()
  for (const program of programs) {
    const name = partsOf(program.path).at(-1) ?? ''
    byName.set(name, [...(byName.get(name) ?? []), program])
  }
  return frames.flatMap(frame => {
    const parts = partsOf(frame.path)
    const same = byName.get(parts.at(-1) ?? '') ?? []
    const ranked = [...same].sort((a, b) => shared(partsOf(b.path), parts) - shared(partsOf(a.path), parts))
    const [best, next] = ranked
    if (!best || frame.line >= best.text.split('\n').length) return []
    // Two sources of one name, equally near: neither is known to be meant.
    if (next && shared(partsOf(best.path), parts) === shared(partsOf(next.path), parts)) return []
    return [{ ...frame, program: best }]
  })
}

const partsOf = (path: string): string[] => path.split(/[\\/]/).filter(Boolean)

function shared(a: readonly string[], b: readonly string[]): number {
  let n = 0
  while (n < Math.min(a.length, b.length) && a[a.length - 1 - n] === b[b.length - 1 - n]) n++
  return n
}
