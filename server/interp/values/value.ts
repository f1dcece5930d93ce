// The abstract values of the interpreter. Most of a loader is concrete once its checkpoint is known, so values are
// concrete where they can be and `unknown` where they cannot; an unknown is a symbol that may later be matched against
// the checkpoint's names ("some layer"), and an array keeps one variant for every such reading.
// Nothing here evaluates anything: see expressions.ts and statements.ts.

import type { JsonFile, Model, Shard, Tensor } from '../../checkpoint/facts'
import type { ArrayOp } from '../../protocol'
import type { AbsentKey } from '../run/machine'
import type { Readings } from './readings'
import type { ClassDef, FunctionDef, Program, Span } from '../../source/ir'

/** A place in a program. */
export interface Place {
  readonly program: Program
  readonly span: Span
}

/** A place in a JSON file that a value was read from. */
export interface ConfigPlace {
  readonly file: JsonFile
  readonly offset: number
  readonly length: number
}

export interface ConstValue {
  readonly kind: 'const'
  readonly value: string | number | boolean | null
  readonly literal?: Place
  readonly config?: ConfigPlace
  /** A whole number: whether Python holds it as a float. Undefined where neither the text nor the making tells. */
  readonly isFloat?: boolean
  /** The f-string or template literal that made it, if one did. */
  readonly written?: Place
  /** A key of a dict that the program walks over. */
  readonly walked?: true
  /** Which member of an enumeration it is. */
  readonly member?: { readonly of: ClassValue; readonly name: string }
  /** JavaScript's `undefined` that is sure: of a key that a checkpoint does not hold, or of anything else that is not there. */
  readonly nothing?: AbsentKey | 'sure'
}

/** `scale * symbol + offset`, for sizes and bounds that are computed from an input such as the rank. */
export interface Linear {
  readonly symbol: number
  readonly scale: number
  readonly offset: number
}

/** A string with holes; a hole is an unknown's symbol. */
export interface TemplateValue {
  readonly kind: 'template'
  readonly parts: readonly (string | Hole)[]
  /** The f-string or template literal that made it, if one did. */
  readonly written?: Place
}

export interface Hole {
  readonly symbol: number
}

/**
 * Anything that was not followed. `free` marks an input of the program that nothing in the workspace provides (a
 * parameter of a function that nobody calls, say): only those may be bound to the checkpoint by the keys asked of them.
 */
export interface UnknownValue {
  readonly kind: 'unknown'
  readonly symbol: number
  readonly free: boolean
  readonly why: string
  readonly linear?: Linear
  /** Whoever runs the program may leave it out: where the program has a default for it, the default is read. */
  readonly optional?: boolean
  /** What it is where nothing is given on the command line. */
  readonly otherwise?: ConstValue
  /** A number, whichever. */
  readonly isNumber?: true
}

export interface ListValue {
  readonly kind: 'list'
  readonly shape: 'list' | 'tuple' | 'set'
  readonly items: Value[]
  /** There may be more items than these. */
  open: boolean
  /** All of them are there, in an order that is not known: which one stands at a place is not. */
  isShuffled?: boolean
  /** The others are what whoever runs the program gives, which may be nothing. */
  readonly optional?: boolean
  /** What a match of JavaScript has besides its groups, and the like. */
  readonly properties?: ReadonlyMap<string, Value>
}

/** Shards whose tensors can be asked for by name; `choice` tells apart shards of which only one is loaded at a time. */
export interface WeightsView {
  readonly entries: readonly { readonly model: Model; readonly shard: Shard; readonly assign: Assign }[]
  /** The program's own path names these files; else they are the checkpoint that the run is bound to. */
  readonly named: boolean
  /** Whose arrays the tensors become. */
  readonly library?: ArrayLibrary
}

export interface DictValue {
  readonly kind: 'dict'
  readonly map: Map<string | number, Value>
  /** Checkpoints behind the dict, oldest first; `map` wins over them. A dict that is emptied gets another list. */
  views: WeightsView[]
  readonly deleted: Set<string | number>
  /** There may be other keys than these. */
  open: boolean
  /** Read from a file that the path does not decide: a key that it lacks says nothing. */
  guessed?: boolean
  /** Makes the value of a key that is asked for and not there, as a defaultdict does. */
  factory?: () => Value
  /** A `Map` of JavaScript, which is walked by its entries. */
  isMap?: boolean
  /** Setters of an object literal of JavaScript: called where the member is assigned. */
  setters?: Map<string, FunctionValue>
}

/** What symbols stand for in one variant, in order of symbol. */
export type Assign = readonly (readonly [symbol: number, text: string])[]

/** One stored tensor. */
export interface Source {
  readonly model: Model
  readonly shard: Shard
  readonly tensor: Tensor
}

/** Stored tensors, one for each reading, and what was done to all of them since. */
export interface Stored {
  readonly sources: readonly Source[]
  /** Undefined once something was done that we cannot repeat. */
  readonly ops: readonly ArrayOp[] | undefined
}

/** Matrices that `dequantize` returned: `[out, in]`, until they are transposed. */
export interface Decoded {
  /** The packed weight, one for each reading. */
  readonly sources: readonly Source[]
  readonly turned: boolean
}

/** What a tensor is of a packed weight. */
export type Role = 'weight' | 'scales' | 'biases'

/** The role that a name gives by its last part. */
export const roleOf = (name: string): Role | undefined =>
  /(?:^|\.)(weight|scales|biases)$/.exec(name)?.[1] as Role | undefined

/** What an axis is since the last one was split: its part of a head, the head, or one that lay before it. */
export interface HeadAxis {
  readonly kind: 'lead' | 'head' | 'part'
  /** Equal for equal sizes; undefined where it is not known. */
  readonly size: string | undefined
}

/** An activation that was split into heads; see heads.ts. */
export interface Heads {
  /** In their order now. */
  readonly axes: readonly HeadAxis[]
  /** Where it was split. */
  readonly at: Place
  /** It has come out of a product since. */
  readonly attended: boolean
}

/** Readings that differ in nothing but what their symbols stand for and which tensor that is. */
export interface ArrayVariant {
  readonly readings: Readings
  /** Undefined where the rank is not known. */
  readonly shape: readonly (number | undefined)[] | undefined
  /** Where rows were gathered in a number of axes that is not known: the shape of what they were gathered from. */
  readonly table?: readonly (number | undefined)[]
  readonly dtype: string | undefined
  readonly stored?: Stored
  readonly decoded?: Decoded
  /** By its stored name, by the key that the program holds it under, or because `quantize` made it; not of computed values. */
  readonly role?: Role | undefined
  readonly heads?: Heads | undefined
}

/** Whose arrays they are: what an operation takes and refuses differs between them. */
export type ArrayLibrary = 'mlx' | 'frost' | 'numpy' | 'torch'

export interface ArrayValue {
  readonly kind: 'array'
  /** Undefined where it is not known. */
  readonly library?: ArrayLibrary
  readonly variants: readonly ArrayVariant[]
  /** The expression that produced it last in the function where it was loaded. */
  readonly at?: Place
  /** The activation of a function in which it was loaded. */
  readonly activation: number
  /** The first call of the user's own code that took it over together with its siblings. */
  readonly handedOver?: { readonly call: Place; readonly argument: Place | undefined }
}

export interface FunctionValue {
  readonly kind: 'function'
  readonly def: FunctionDef
  readonly program: Program
  readonly scope: Scope
  readonly self?: Value
  readonly owner?: ClassValue
  /** What a program of JavaScript sets on it. */
  readonly attributes?: Map<string, Value>
}

export interface ClassValue {
  readonly kind: 'class'
  readonly def: ClassDef
  readonly program: Program
  readonly scope: Scope
  readonly bases: readonly Value[]
  readonly attributes: Map<string, Value>
}

export interface InstanceValue {
  readonly kind: 'instance'
  /** `nn.quantize` puts a packed layer in a layer's place. */
  of: ClassValue | LibraryValue
  readonly attributes: Map<string, Value>
  /** `super`: the object itself, of which this is seen as its base. */
  readonly whole?: InstanceValue
  /** Objects that are alike, which this one stands for; see standIns.ts. */
  readonly standsFor?: readonly InstanceValue[]
  /** Made by the program itself, not by the reading of a class that nobody makes. */
  isMade?: boolean
  /** Something that is not followed may have set any of its attributes. */
  isShared?: boolean
  /** Methods that have run on it since it held stored tensors; see run/computed.ts. */
  computed?: ReadonlySet<FunctionDef> | undefined
}

/** A module of the workspace; its members are its top-level scope. */
export interface NamespaceValue {
  readonly kind: 'namespace'
  readonly scope: Scope
}

/** A name of a modelled library such as `mlx.core.dequantize`, perhaps bound to a receiver. */
export interface LibraryValue {
  readonly kind: 'library'
  readonly name: string
  readonly self?: Value
}

/** A path or an opened file or its text: what matters is which file it is. */
export interface FileValue {
  readonly kind: 'file'
  readonly as: 'path' | 'handle' | 'text'
  readonly path: Value
}

export type Value =
  | ConstValue
  | TemplateValue
  | UnknownValue
  | ListValue
  | DictValue
  | ArrayValue
  | FunctionValue
  | ClassValue
  | InstanceValue
  | NamespaceValue
  | LibraryValue
  | FileValue

export interface Scope {
  vars: Map<string, Value>
  readonly parent: Scope | undefined
  readonly program: Program
  /** A block of JavaScript, in which names are declared, inside the scope of its function. */
  readonly isBlock?: boolean
  /** JavaScript's `this`. */
  readonly self?: Value
  /** Of JavaScript: names that a module exports, and those that are another module's, of which they are asked when read. */
  exported?: Set<string>
  imports?: Map<string, { readonly from: Scope; readonly name: string }>
  /** Names that belong to an outer scope though they are assigned here: `global` and `nonlocal`. */
  outer?: Set<string>
  /** The class whose method runs here, for `super`. */
  readonly owner?: ClassValue
}

export const constant = (value: ConstValue['value']): ConstValue => ({ kind: 'const', value })

/** A None or null that the program writes, reads from a config, or gets for a key that is not there. */
export const isSureNone = (v: Value): v is ConstValue =>
  v.kind === 'const' && v.value === null && Boolean(v.literal ?? v.config ?? v.nothing)

/** JavaScript's `undefined`: written so, or given by what gives nothing; not a null that is written or read from a file. */
export function isUndefined(v: Value): boolean {
  if (v.kind !== 'const' || v.value !== null || v.config) return false
  return v.literal === undefined || writtenAt(v.literal) === 'undefined'
}

const writtenAt = ({ program, span }: Place): string => program.text.slice(span.start, span.end)

const wholeNumbers: ConstValue[] = []
/** A number that nobody has written; small ones are one object each, since loops count with them again and again. */
export const wholeNumber = (n: number): ConstValue =>
  n >= 0 && n < 4_096 && Number.isInteger(n) ? (wholeNumbers[n] ??= constant(n)) : constant(n)
export const none: ConstValue = constant(null)
/** JavaScript's `undefined` that is sure. */
export const nothing: ConstValue = { ...none, nothing: 'sure' }
export const list = (items: Value[], shape: ListValue['shape'] = 'list', open = false): ListValue => ({
  kind: 'list',
  shape,
  items,
  open,
})
export const dict = (entries: Iterable<[string | number, Value]> = [], open = false): DictValue => ({
  kind: 'dict',
  map: new Map(entries),
  views: [],
  deleted: new Set(),
  open,
})
export const library = (name: string, self?: Value): LibraryValue => ({ kind: 'library', name, self })

export const isString = (v: Value): v is ConstValue & { value: string } =>
  v.kind === 'const' && typeof v.value === 'string'
export const isNumber = (v: Value): v is ConstValue & { value: number } =>
  v.kind === 'const' && typeof v.value === 'number'

/** Symbols assigned in both must agree; undefined where they do not. */
export function mergeAssigns(a: Assign, b: Assign): Assign | undefined {
  if (a.length === 0) return b
  if (b.length === 0) return a
  const merged = new Map(a)
  for (const [symbol, text] of b) {
    const other = merged.get(symbol)
    if (other !== undefined && other !== text) return undefined
    merged.set(symbol, text)
  }
  return [...merged].sort((x, y) => x[0] - y[0])
}

/** Whether a value counts as true where a program tests it; undefined where that is not known. */
export function truth(v: Value, javascript: boolean): boolean | undefined {
  switch (v.kind) {
    case 'const':
      return Boolean(v.value)
    case 'template':
      return v.parts.some(p => typeof p === 'string' && p.length > 0) ? true : undefined
    case 'list':
      return javascript || v.items.length > 0 ? true : v.open ? undefined : false
    case 'dict':
      return javascript || v.map.size > 0 || v.views.length > 0 ? true : v.open ? undefined : false
    case 'unknown':
      return undefined
    case 'array':
      // An object, whatever it holds; Python asks the array itself.
      return javascript ? true : undefined
    case 'function':
    case 'class':
    case 'instance':
    case 'namespace':
    case 'file':
      return true
    case 'library':
      return undefined
  }
}

/** What whoever runs the program may leave out: nothing is given where it is read. */
export const isOptional = (v: Value): v is (UnknownValue | ListValue) & { readonly optional: true } =>
  (v.kind === 'unknown' || (v.kind === 'list' && v.open)) && v.optional === true

const isNumeric = (v: Value): boolean => isNumber(v) || (v.kind === 'unknown' && v.isNumber === true)

const sameConst = (a: Value, b: Value) => a.kind === 'const' && b.kind === 'const' && a.value === b.value

/** Something that whoever runs the program may give, or the path that it is. */
const isLeftOut = (v: Value): boolean => (v.kind === 'file' ? isLeftOut(v.path) : isOptional(v))

/**
 * What is known after two paths meet. None beside a value is the value: where the None path were taken, the program
 * would not reach an operation that needs it. Objects of one class are represented by the first.
 */
export function join(a: Value | undefined, b: Value | undefined, fresh: (why: string) => UnknownValue): Value {
  if (a === undefined || a === b) return b ?? fresh('no value')
  if (b === undefined) return a
  if (sameConst(a, b)) return a
  // Where nothing is given on the command line, the other path is the one that is taken.
  if (isLeftOut(a)) return b
  if (isLeftOut(b)) return a
  if (a.kind === 'const' && a.value === null) return b
  if (b.kind === 'const' && b.value === null) return a
  if (a.kind === 'instance' && b.kind === 'instance' && a.of === b.of) return a
  if (a.kind === 'library' && b.kind === 'library' && a.name === b.name) return a
  if (a.kind === 'function' && b.kind === 'function' && a.def === b.def) return a
  // What is a number on one path only is not told to be one.
  if (a.kind === 'unknown' && !a.free && !(a.isNumber && !isNumeric(b))) return a
  if (b.kind === 'unknown' && !b.free && !(b.isNumber && !isNumeric(a))) return b
  const made = fresh('differs between two paths of the program')
  return isNumeric(a) && isNumeric(b) ? { ...made, isNumber: true } : made
}
