import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { analyse, rehearse, type Snapshot } from '../../../server/engine'
import { freshly } from '../../../server/follow'
import { loadGrammars } from '../../../server/source/grammars'
import { lowerProgram } from '../../../server/source/index'
import type { Program } from '../../../server/source/ir'
import { readGrammar } from '../../../server/workspace/grammarFiles'
import { Rehearsal } from '../../../server/workspace/rehearsal'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A rehearsal whose repetitions take some milliseconds each, and when they were. */
function rehearsing(ms: number) {
  const times: number[] = []
  let clock = 0
  const repeat = () => {
    times.push(Date.now())
    clock += ms
  }
  return { rehearsal: new Rehearsal({ quietMs: 300, pauseMs: 20, now: () => clock, repeat }), times }
}

describe('Rehearsal', () => {
  test('waits until nothing happens, and ends after a few times for good', () => {
    const { rehearsal, times } = rehearsing(40)
    rehearsal.plan()
    vi.advanceTimersByTime(299)
    expect(times).toHaveLength(0)
    vi.advanceTimersByTime(10_000)
    expect(times).toHaveLength(8)
    rehearsal.plan()
    vi.advanceTimersByTime(10_000)
    expect(times).toHaveLength(8)
  })

  test('is put off by whatever comes, and goes on after it', () => {
    const { rehearsal, times } = rehearsing(40)
    rehearsal.plan()
    vi.advanceTimersByTime(330)
    expect(times).toHaveLength(2)
    rehearsal.putOff()
    vi.advanceTimersByTime(10_000)
    expect(times).toHaveLength(2)
    rehearsal.plan()
    vi.advanceTimersByTime(10_000)
    expect(times).toHaveLength(8)
  })

  test('ends where an edit would have to wait long for it', () => {
    const { rehearsal, times } = rehearsing(400)
    rehearsal.plan()
    vi.advanceTimersByTime(10_000)
    expect(times).toHaveLength(1)
  })
})

describe('what is rehearsed', () => {
  beforeAll(() => loadGrammars(readGrammar))

  const lowered = (path: string, text: string): Program => {
    const program = lowerProgram(path, text)
    if (!program) throw new Error(`no program: ${path}`)
    return program
  }
  const snapshot = (): Snapshot => ({
    folders: ['/w'],
    models: [],
    programs: [
      lowered('/w/a.py', 'import mlx.core as mx\nimport b\nw = mx.load(b.path)'),
      lowered('/w/b.py', 'path = "model.safetensors"'),
      lowered('/w/c.py', 'import mlx.core as mx\nw = mx.load("other.safetensors")'),
    ],
  })

  test('belongs to what is open, and is new to the engine', () => {
    const { programs, ...rest } = snapshot()
    const fresh = freshly({ programs, ...rest }, new Set(['/w/b.py']))
    expect(fresh.map(({ path }) => path)).toEqual(['/w/a.py', '/w/b.py'])
    expect(fresh.some(program => programs.includes(program))).toBe(false)
  })

  test('takes nothing from what was analysed', () => {
    const given = snapshot()
    const { runs } = analyse(given).facts
    expect(runs).toHaveLength(2)
    rehearse(given, new Set(['/w/a.py']))
    const again = analyse({ ...given }).facts.runs
    expect(again[0]).toBe(runs[0])
    expect(again[1]).toBe(runs[1])
  })
})
