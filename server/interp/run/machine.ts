// The state of one run of the interpreter: what it may look at, how much work is left, and what it has seen.
// One run interprets programs against one checkpoint for the lookups that no path decides.

import type { Model, Shard } from '../../checkpoint/facts'
import type { ClassDef, Expr, FunctionDef, Program, Span } from '../../source/ir'
import type { Counter } from '../program/counting'
import type { Mixup } from '../arrays/heads'
import { type Merged, nothingMerged } from '../stored/merging'
import type { NumberRange } from './summary'
import type { FileRead } from '../stored/fileReads'
import type { Files } from '../stored/files'
import type { ModuleLoad } from '../arrays/parameters'
import { workFor } from './budget'
import type { Entered } from './entering'
import type { Refusal } from './refusals'
import { noTakes, type Takes } from '../stored/takes'
import type { Trial } from './trial'
import type { WrittenFile } from '../stored/writtenFiles'
import type {
  ArrayValue,
  ArrayVariant,
  ConfigPlace,
  ConstValue,
  InstanceValue,
  Place,
  Scope,
  UnknownValue,
  Value,
  WeightsView,
} from '../values/value'

/** What arrives at an operation that decodes or multiplies a quantized weight. */
export interface Sink {
  readonly op: 'dequantize' | 'quantized_matmul' | 'gather_qmm' | 'qqmm' | 'save_safetensors'
  readonly call: Place
  readonly weight: ArrayValue
  readonly scales: ArrayValue
  readonly biases: ArrayValue | undefined
  readonly arguments: {
    readonly weight: Place | undefined
    readonly scales: Place | undefined
    readonly biases: Place | undefined
    readonly groupSize?: Place | undefined
    readonly bits?: Place | undefined
    readonly mode?: Place | undefined
  }
  /** What is multiplied with the weight, in the operations that multiply. */
  readonly x?: ArrayValue
  readonly transpose?: Value
  /** Undefined where the program does not say: the library's default then holds. */
  readonly groupSize: Value | undefined
  readonly bits: Value | undefined
  readonly mode: Value | undefined
  readonly activation: number
  /** In a branch that may not be taken. */
  readonly uncertain: boolean
  /** In a `try` whose handlers would catch what MLX raises. */
  readonly guarded: boolean
}

/** A product of two arrays. */
export interface Product {
  readonly call: Place
  readonly left: ArrayValue
  readonly right: ArrayValue
  readonly rightPlace: Place | undefined
  readonly uncertain: boolean
}

/** A tensor that is quantized here. */
export interface Quantization {
  readonly call: Place
  readonly array: ArrayValue
}

/** A load that could not be followed, with the reason for people. */
export interface Unfollowed {
  readonly place: Place
  readonly why: string
}

/** What lookups at one place found: a set of readings for every key that was asked there. */
export type Met = Set<readonly ArrayVariant[]>

/** Whose code opens a file: MLX's own reader, or the Rust library that every other framework uses. */
export type Reader = 'mlx' | 'rust'

/** A call that opens a shard of a model. */
export interface Load {
  readonly reader: Reader
  readonly at: Place
  readonly model: Model
  readonly shard: Shard
  /** The path itself leads to the file; otherwise the checkpoint is a guess until tensors of it are met. */
  readonly named: boolean
}

/** A key that no file of the checkpoint has, asked for on a path that is taken. */
export interface AbsentKey {
  readonly place: Place
  /** The key as asked for. */
  readonly key: string
  /** Where the key is written, if it is one literal. */
  readonly literal: Place | undefined
  readonly view: WeightsView
  /** Where the function that asks was called, and those around it. */
  readonly calls?: readonly Place[]
}

/** A checkpoint that no path names is meant for sure once this many of the keys asked of it were found. */
export const provenHits = 3
/** Turns of one loop that are followed one by one. */
export const turnLimit = 20_000

export interface Frame {
  returned: Value | undefined
  /** A lookup has raised: what follows is not reached, and its own missing keys are consequences. */
  raised?: boolean
  readonly activation: number
  /** How much was uncertain already when the function was called. */
  readonly uncertain: number
  /** The call; undefined at the top of a program. */
  readonly entered?: Entered
  readonly isGenerator: boolean
  /** Only what stands before its first yield is run. */
  readonly halts: boolean
  halted?: boolean
}

export interface Machine extends Files {
  /** Tells runs apart. */
  readonly id: number
  readonly programs: readonly Program[]
  /** The checkpoint that free inputs are read as. */
  readonly bound: Model | undefined
  work: number
  depth: number
  /** Fields and default values that are being worked out. */
  readonly working: Set<Expr>
  /** Above zero inside a branch that may not be taken, and in a loop of unknown length. */
  uncertain: number
  /** Above zero inside a branch that may not be taken. */
  branching: number
  /** Above zero inside a `try` whose handlers would catch a missing key. */
  keyGuarded: number
  /** Above zero inside a `try` whose handlers would catch what MLX raises. */
  guarded: number
  /** Above zero inside a `try` that has handlers: what is raised there may be caught. */
  catching: number
  /** How often something was asked for whose absence raises, without its being known whether it is there. */
  doubts: number
  /** What the handler that runs was entered for. */
  handling: Refusal | undefined
  /** Something was raised that nothing catches: what follows is not reached. */
  dead: boolean
  /** A function that nothing in the workspace calls is being read. */
  free: boolean
  /** Above zero where an earlier branch of the running function may have returned already. */
  alternative: number
  /** Turns of the loops that are running, multiplied: how often their innermost body runs. */
  turns: number
  /** A turn that is to stand for many is being read. */
  trial: Trial | undefined
  /** Long loops that are being read in one turn. */
  summaries: number
  /** Numbers that the symbols of such loops stand for. */
  readonly ranges: Map<number, NumberRange>
  frame: Frame
  /** The call by which a function is about to be entered. */
  calling: Place | undefined
  /** The label of the loop that a `break` or `continue` is on its way to. */
  jump: string | undefined
  readonly modules: Map<Program, Scope>
  readonly called: Set<FunctionDef>
  readonly instantiated: Map<ClassDef, InstanceValue>
  readonly instances: InstanceValue[]
  readonly sinks: Sink[]
  readonly products: Product[]
  readonly quantizations: Quantization[]
  readonly moduleLoads: ModuleLoad[]
  readonly refusals: Refusal[]
  readonly mixups: Mixup[]
  readonly understood: Map<string, Place>
  /** What was found at the expressions that ask for a tensor, and at the texts that were asked with. */
  readonly lookups: Map<Place, Met>
  readonly keys: Map<Place, Met>
  /** Stored tensors that are really used. */
  readonly takes: Takes
  readonly counters: Map<string, Counter>
  readonly loads: Map<string, Load>
  /** Files whose tensors came into one dict. */
  readonly merged: Merged
  readonly unfollowed: Map<string, Unfollowed>
  /** Keys that were asked of a checkpoint and are not in it. */
  readonly absent: Map<string, AbsentKey>
  /** Different keys of a view that were found, the first few. */
  readonly hits: Map<WeightsView, Set<string>>
  readonly configReads: Map<string, ConfigPlace>
  /** Whether anything depended on which checkpoint is bound. */
  askedBound: boolean
  /** Models whose tensors were really met. */
  readonly met: Set<Model>
  nextSymbol: number
  nextActivation: number
  readonly derived: Map<string, UnknownValue>
  readonly stopped: { why?: string }
  /** Files that the program has written, by path. */
  readonly written: Map<string, WrittenFile>
  /** Paths of shards that a pattern below an unknown folder found: no path of the program names them. */
  readonly guessed: Set<string>
  /** Reads of files by paths that are known. */
  readonly fileReads: Map<string, FileRead>
  /** Bare names of files that something which is not modelled may make. */
  readonly made: Set<string>
  /** What functions get that run a command of the command line. */
  readonly commands: Map<FunctionDef, InstanceValue>
  /** Whether a program writes tensors, wherever to. */
  saves: boolean
  /** Paths of files that the program writes. */
  readonly madePaths: Set<string>
  /** Symbols that stand for temporary folders. */
  readonly scratch: Set<number>
}

let lastId = 0

export function createMachine(
  programs: readonly Program[],
  { models, folders, data }: Files,
  bound: Model | undefined,
): Machine {
  return {
    id: ++lastId,
    programs,
    models,
    folders,
    data,
    bound,
    work: workFor(programs),
    depth: 0,
    working: new Set(),
    uncertain: 0,
    branching: 0,
    keyGuarded: 0,
    guarded: 0,
    catching: 0,
    doubts: 0,
    handling: undefined,
    dead: false,
    free: false,
    alternative: 0,
    turns: 1,
    trial: undefined,
    summaries: 0,
    ranges: new Map(),
    frame: { returned: undefined, activation: 0, uncertain: 0, isGenerator: false, halts: false },
    calling: undefined,
    jump: undefined,
    modules: new Map(),
    called: new Set(),
    instantiated: new Map(),
    instances: [],
    sinks: [],
    products: [],
    quantizations: [],
    moduleLoads: [],
    refusals: [],
    mixups: [],
    understood: new Map(),
    lookups: new Map(),
    keys: new Map(),
    takes: noTakes(),
    counters: new Map(),
    loads: new Map(),
    merged: nothingMerged(),
    unfollowed: new Map(),
    absent: new Map(),
    hits: new Map(),
    configReads: new Map(),
    askedBound: false,
    met: new Set(),
    nextSymbol: 1,
    nextActivation: 1,
    derived: new Map(),
    stopped: {},
    written: new Map(),
    guessed: new Set(),
    fileReads: new Map(),
    made: new Set(),
    commands: new Map(),
    saves: false,
    madePaths: new Set(),
    scratch: new Set(),
  }
}

export function unknown(m: Machine, why: string, free = false): UnknownValue {
  return { kind: 'unknown', symbol: m.nextSymbol++, free, why }
}

/** A number that is not known. */
export const someNumber = (m: Machine, why: string): UnknownValue => ({ ...unknown(m, why), isNumber: true })

/** The same operation on the same unknown gives the same unknown, so that two keys made alike stay alike. */
export function derive(m: Machine, key: string, why: string, free = false): UnknownValue {
  const known = m.derived.get(key)
  if (known) return known
  const made = unknown(m, why, free)
  m.derived.set(key, made)
  return made
}

/** A key that is equal for equal values; undefined for values that have no identity worth sharing. */
export function identity(v: Value): string | undefined {
  switch (v.kind) {
    case 'const':
      return JSON.stringify(v.value)
    case 'template':
      return v.parts.map(p => (typeof p === 'string' ? JSON.stringify(p) : `#${p.symbol}`)).join('+')
    case 'unknown':
      return `#${v.symbol}`
    case 'file':
      return v.as + identity(v.path)
    default:
      return undefined
  }
}

const placeKeys = new WeakMap<Place, string>()
/** Equal for equal places. */
export function placeKey(place: Place): string {
  let key = placeKeys.get(place)
  if (key === undefined) placeKeys.set(place, (key = `${place.program.path}:${place.span.start}:${place.span.end}`))
  return key
}

const places = new WeakMap<Span, Place>()
/** The place of a span; one object for each, since every expression has a span of its own. */
export function place(program: Program, span: Span): Place {
  let known = places.get(span)
  if (known?.program !== program) places.set(span, (known = { program, span }))
  return known
}

export function noteUnderstood(m: Machine, at: Place): void {
  m.understood.set(placeKey(at), at)
}

/** Remembers what a lookup at `at` with this key found. The array of variants is shared and never changed. */
export function noteLookup(m: Machine, at: Place, key: Value, found: readonly ArrayVariant[]): void {
  meet(m.lookups, at, found)
  const text = key.kind === 'const' ? (key.literal ?? key.written) : key.kind === 'template' ? key.written : undefined
  if (text) meet(m.keys, text, found)
}

function meet(met: Map<Place, Met>, at: Place, found: readonly ArrayVariant[]): void {
  const known = met.get(at)
  if (known) known.add(found)
  else met.set(at, new Set([found]))
}

/** Remembers which files a call opens. */
export function noteLoads(
  m: Machine,
  reader: Reader,
  at: Place,
  entries: readonly { readonly model: Model; readonly shard: Shard }[],
  named: boolean,
): void {
  for (const { model, shard } of entries) {
    const key = `${placeKey(at)} ${reader} ${shard.path}`
    // What another way through the program has named stays named.
    if (named || !m.loads.has(key)) m.loads.set(key, { reader, at, model, shard, named })
  }
}

export function noteUnfollowed(m: Machine, at: Place, why: string): void {
  const key = placeKey(at)
  if (!m.unfollowed.has(key)) m.unfollowed.set(key, { place: at, why })
}

/** Remembers that the program looked at a value of a config file. */
export function noteRead(m: Machine, v: Value): Value {
  if (v.kind === 'const' && v.config) m.configReads.set(`${v.config.file.path}:${v.config.offset}`, v.config)
  return v
}

/** A literal keeps the place where it was written, so that a fault in it can be shown there. */
export const withLiteral = (v: ConstValue, at: Place): ConstValue => ({ ...v, literal: at })
