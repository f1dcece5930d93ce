// Threads, pools and asyncio. What is started is run at once, where it is started: a loader waits for all of it, and what
// comes out does not depend on the order. An awaited call is its value already; a future is an object that holds one.

import { callWith } from '../run/calls'
import type { LibraryCall } from '../run/libraryCall'
import { itemsOf } from '../run/expressions'
import { someNumber, unknown } from '../run/machine'
import { iterate } from '../run/statements'
import { constant, type InstanceValue, list, none, type Value } from '../values/value'
import type { LibraryModel } from './index'

const instance = (name: string, attributes: readonly (readonly [string, Value])[] = []): InstanceValue => ({
  kind: 'instance',
  of: { kind: 'library', name },
  attributes: new Map(attributes),
})

const future = 'concurrent.futures.Future'
const pool = 'concurrent.futures.Executor'
const workers = 'multiprocessing.pool.Pool'
const loop = 'asyncio.AbstractEventLoop'
const group = 'asyncio.TaskGroup'
const thread = 'threading.Thread'
const lock = 'threading.Lock'

const futureOf = (value: Value): InstanceValue => instance(future, [['value', value]])

/** What a future comes to; of anything else itself, for a coroutine is its value. */
const settledValue = (v: Value): Value =>
  (v.kind === 'instance' && v.of.kind === 'library' && v.of.name === future && v.attributes.get('value')) || v

/** Calls the function at a position with what stands behind it. */
function started(c: LibraryCall, at = 0, named = true): Value {
  const f = c.get(at)
  if (!f) return unknown(c.m, c.name)
  const keywords = named ? c.args.keywords : new Map<string, never>()
  return callWith(c.m, f, { positional: c.args.positional.slice(at + 1), keywords, open: c.args.open }, c)
}

/** `map(f, *iterables)` of a pool, whose answers come in the order of what they are for. */
function mapped(c: LibraryCall): Value {
  const [f, over, ...others] = c.args.positional.map(a => a.value)
  if (!f || !over || c.args.open) return list([], 'list', true)
  const beside = others.map(other => itemsOf(c.m, other))
  if (others.length > 0) {
    const lists = [itemsOf(c.m, over), ...beside]
    if (lists.includes(undefined)) return list([], 'list', true)
    const count = Math.min(...lists.map(items => items?.length ?? 0))
    const rows = Array.from({ length: count }, (_, i) => lists.map(items => items?.[i] ?? none))
    return list(rows.map(row => called(c, f, row)))
  }
  const made: Value[] = []
  let isOpen = false
  const visit = (item: Value): boolean => made.push(called(c, f, [item])) > 0
  iterate(c.m, over, 'values', visit, () => (isOpen = true))
  return list(made, 'list', isOpen)
}

const called = (c: LibraryCall, f: Value, values: readonly Value[]): Value =>
  callWith(c.m, f, { positional: values.map(value => ({ value })), keywords: new Map(), open: false }, c)

/** `starmap(f, rows)`: every row is a call's arguments. */
function starMapped(c: LibraryCall): Value {
  const [f, rows] = [c.get(0), c.get(1) && itemsOf(c.m, c.get(1) ?? none)]
  const given = rows?.map(row => itemsOf(c.m, row))
  if (!f || !given || given.includes(undefined)) return list([], 'list', true)
  return list(given.map(values => called(c, f, values ?? [])))
}

/** Futures in the order in which they end, which is not known. */
function asCompleted(c: LibraryCall): Value {
  const items = c.get(0, 'fs') && itemsOf(c.m, c.get(0, 'fs') ?? none)
  return items ? { ...list([...items]), isShuffled: items.length > 1 } : list([], 'list', true)
}

function gathered(c: LibraryCall): Value {
  return list(
    c.args.positional.map(a => settledValue(a.value)),
    'list',
    c.args.open,
  )
}

const first = (c: LibraryCall): Value => settledValue(c.get(0) ?? none)
const asFuture = (c: LibraryCall): Value => futureOf(first(c))
const nothing = (): Value => none
const time = (c: LibraryCall): Value => someNumber(c.m, 'a time')

/** `Thread(target=f, args=(…), kwargs={…})`: what it runs it runs when it is started. */
function startThread(c: LibraryCall): Value {
  const held = (name: string) => (c.self?.kind === 'instance' ? c.self.attributes.get(name) : undefined)
  const [target, args, kwargs] = [held('target'), held('args'), held('kwargs')]
  const values = args ? itemsOf(c.m, args) : []
  if (!target || !values || (kwargs && kwargs.kind !== 'dict')) return none
  const keywords = new Map([...(kwargs?.map ?? [])].map(([name, value]) => [String(name), { value }]))
  const positional = values.map(value => ({ value }))
  callWith(c.m, target, { positional, keywords, open: kwargs?.open ?? false }, c)
  return none
}

export const concurrency: LibraryModel = {
  calls: {
    'concurrent.futures.ThreadPoolExecutor': () => instance(pool),
    'concurrent.futures.ProcessPoolExecutor': () => instance(pool),
    [`${pool}.map`]: mapped,
    [`${pool}.submit`]: c => futureOf(started(c)),
    [`${pool}.shutdown`]: nothing,
    [`${future}.result`]: c => settledValue(c.self ?? none),
    [`${future}.exception`]: nothing,
    [`${future}.done`]: () => constant(true),
    [`${future}.add_done_callback`]: c =>
      started(c.with({ args: { ...c.args, positional: [...c.args.positional, { value: c.self ?? none }] } })),
    'concurrent.futures.as_completed': asCompleted,
    'concurrent.futures.wait': c => list([asCompleted(c), list([], 'set')], 'tuple'),
    'multiprocessing.pool.ThreadPool': () => instance(workers),
    'multiprocessing.Pool': () => instance(workers),
    [`${workers}.map`]: mapped,
    [`${workers}.imap`]: mapped,
    [`${workers}.starmap`]: starMapped,
    [`${workers}.close`]: nothing,
    [`${workers}.join`]: nothing,
    [thread]: c =>
      instance(
        thread,
        [...c.args.keywords].map(([name, a]) => [name, a.value] as const),
      ),
    [`${thread}.start`]: startThread,
    [`${thread}.join`]: nothing,
    [lock]: () => instance(lock),
    'threading.RLock': () => instance(lock),
    'asyncio.Lock': () => instance(lock),
    'asyncio.Semaphore': () => instance(lock),
    [`${lock}.acquire`]: () => constant(true),
    [`${lock}.release`]: nothing,
    'asyncio.run': first,
    'asyncio.gather': gathered,
    'asyncio.to_thread': c => started(c),
    'asyncio.create_task': asFuture,
    'asyncio.ensure_future': asFuture,
    'asyncio.wait_for': first,
    'asyncio.shield': first,
    'asyncio.sleep': nothing,
    'asyncio.as_completed': asCompleted,
    [group]: () => instance(group),
    [`${group}.create_task`]: asFuture,
    'asyncio.get_event_loop': () => instance(loop),
    'asyncio.get_running_loop': () => instance(loop),
    'asyncio.new_event_loop': () => instance(loop),
    [`${loop}.run_until_complete`]: first,
    [`${loop}.create_task`]: asFuture,
    [`${loop}.run_in_executor`]: c => started(c, 1, false),
    [`${loop}.close`]: nothing,
    'py.await': first,
    'time.time': time,
    'time.perf_counter': time,
    'time.monotonic': time,
    'time.sleep': nothing,
  },
  aliases: {
    'concurrent.futures.thread.ThreadPoolExecutor': 'concurrent.futures.ThreadPoolExecutor',
    'multiprocessing.dummy.Pool': 'multiprocessing.pool.ThreadPool',
  },
}
