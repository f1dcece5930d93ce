// What a quantization format is to Tensorlint: a value that recognises its tensors, knows which shapes they have, and can
// say why they are not MLX's and what would make them so. The formats themselves are one file each; index.ts is the list.
// A format is told by the set of its members first, then by dtypes, then by shapes. What config.json says may name what
// headers leave open, never overrule them.

import type { DType } from '../../checkpoint/dtype'
import type { Hints } from './hints'

export type Shape = readonly number[]

/** A stored tensor without its name and place. */
export interface StoredMember {
  readonly dtype: DType
  /** In elements. */
  readonly shape: Shape
}

/** Parameter name (`qweight`, `weight.absmax`, ...) → the tensor stored under it. */
export type Members = ReadonlyMap<string, StoredMember>

/** Everything that may decide how one weight is stored. */
export interface Weight {
  readonly members: Members
  readonly hints: Hints
  /** `__metadata__` of the shard. */
  readonly metadata: ReadonlyMap<string, string>
}

/** Which elements of a logical [out, in] weight share one scale. */
export type Grouping =
  | { readonly kind: 'group'; readonly size: number }
  | { readonly kind: 'channel' }
  | { readonly kind: 'tensor' }
  | { readonly kind: 'block'; readonly rows: number; readonly columns: number }

export interface Parameters {
  readonly bits: number
  readonly grouping: Grouping
}

/** What a format says about a weight that is its own. */
export interface Found {
  /** The member that holds the codes. */
  readonly main: string
  /** `v2`, `nf4`, ...; undefined where there is one only, or where nothing tells. */
  readonly variant?: string
  /** Undefined where neither headers nor config say. */
  readonly parameters?: Parameters
  /** The shape that the model sees, [.., out, in]; undefined where it is not in the headers. */
  readonly logical?: Shape
  /** Whole phrases for people: what decided, and what could not be decided. */
  readonly evidence: readonly string[]
}

export interface Recognition extends Found {
  readonly format: Format
}

/** What turns the stored bytes into MLX's. `rename`: only names change; `exact`: no information is lost. */
export interface Conversion {
  readonly kind: 'rename' | 'exact' | 'lossy' | 'none'
  readonly how: string
}

export interface Format {
  /** Kebab case. */
  readonly id: string
  readonly name: string
  /** Values of `quant_method` under which writers file it. */
  readonly methods: readonly string[]
  /** Members that form one weight: those that are always there, and those that may be. */
  readonly members: { readonly required: readonly string[]; readonly optional: readonly string[] }
  recognise(weight: Weight): Found | undefined
  /** How a logical [out, in] weight is stored; undefined where the shape does not divide as the format needs. */
  stored?(logical: Shape, parameters: Parameters): Members | undefined
  /** The inverse of `stored`; undefined where the headers do not hold the logical shape. */
  logical?(members: Members, parameters: Parameters): Shape | undefined
  /** Undefined for MLX's own formats and for plain weights; otherwise why MLX cannot take the bytes as they are. */
  readonly notMlx?: string
  /** What converts it to MLX; absent where nothing has to. */
  convert?(found: Found): Conversion
}

/** Whether MLX would have to be given other bytes or other names. */
export const isForeign = (format: Format): boolean => format.notMlx !== undefined

export const group = (size: number): Grouping => ({ kind: 'group', size })

export function showGrouping(grouping: Grouping): string {
  switch (grouping.kind) {
    case 'group':
      return `g${grouping.size}`
    case 'channel':
      return 'per channel'
    case 'tensor':
      return 'per tensor'
    case 'block':
      return `${grouping.rows}×${grouping.columns} blocks`
  }
}

/** `GPTQ v2 4-bit g128`, as far as it is known. */
export function showRecognition({ format, variant, parameters }: Recognition): string {
  return [format.name, variant, parameters && `${parameters.bits}-bit`, parameters && showGrouping(parameters.grouping)]
    .filter(Boolean)
    .join(' ')
}
