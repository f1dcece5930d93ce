// What the readers of this folder produce: plain, immutable facts about the files of a checkpoint.
// Broken input is a problem beside as many facts as could be had, never an exception.

import type { Node as JsonNode } from 'jsonc-parser'
import type { DType } from './dtype'
import type { TensorFamily } from './tensorFamilies'

/** One tensor of a shard, as its header states it. Offsets are bytes from the start of the *file*. */
export interface Tensor {
  readonly name: string
  readonly dtype: DType
  /** Stored shape, in elements. */
  readonly shape: readonly number[]
  readonly beginBytes: number
  readonly endBytes: number
}

/**
 * The tensors of one shard, held in typed arrays so that 90,000 of them cost little and no string is made until it is
 * asked for. Indexes run in the order of the header.
 */
export interface TensorTable {
  readonly count: number
  nameAt(index: number): string
  tensorAt(index: number): Tensor
  /** The family of a tensor, which has its dtype and shape; makes no string. */
  familyAt(index: number): TensorFamily
  /** Tensors that are alike but for the numbers in their names, in the order of the header; see tensorFamilies.ts. */
  families(): readonly TensorFamily[]
  find(name: string): Tensor | undefined
  /** Its place in the table; -1 where there is none. Makes nothing. */
  indexOf(name: string): number
  /** The same for a name that stands in the bytes of a longer text, with its hash (nameHash.ts). */
  indexIn(view: DataView, start: number, end: number, hash: number): number
  /** A hash of each tensor's name, equal for equal names. */
  readonly hashes: Int32Array
  /** Whether two names are the same but for the last bytes of each. */
  sameStart(a: number, tailA: number, b: number, tailB: number): boolean
  /** Whether two names begin with the same bytes, so many. */
  sameBeginning(a: number, b: number, length: number): boolean
  /** Two sums over the hashes of all names: equal for tables of the same names. */
  readonly nameSums: readonly [number, number]
  names(): IterableIterator<string>
}

/** What a file is that bears the name of a safetensors file and is none (notSafetensors.ts). */
export type ForeignKind =
  | 'empty-file'
  | 'lfs-pointer'
  | 'apple-double'
  | 'html-page'
  | 'json-text'
  | 'zip-archive'
  | 'pickle'
  | 'gguf'
  | 'numpy-array'
  | 'hdf5'
  | 'gzip'
  | 'all-zero'

/** Every way in which a safetensors file can be wrong. */
export type ShardProblemKind =
  | ForeignKind
  | 'unreadable'
  | 'too-small'
  | 'header-too-large'
  | 'header-past-end'
  | 'header-not-utf8'
  | 'header-not-json'
  | 'bad-entry'
  | 'unknown-dtype'
  | 'bad-offsets'
  | 'size-mismatch'
  | 'size-overflow'
  | 'not-byte-aligned'
  | 'overlap'
  | 'hole'
  | 'past-end'
  | 'trailing-bytes'
  | 'duplicate-name'
  | 'too-many-tensors'
  | 'too-many-dimensions'
  | 'dtype-not-in-mlx'
  | 'bad-metadata'
  | 'unaligned'
  | 'no-tensors'

/** Who does not open the file because of a problem: the Rust reference (safetensors 0.8), MLX's own reader (0.32.4). */
export interface RefusedBy {
  readonly rust: boolean
  readonly mlx: boolean
}

export interface ShardProblem {
  readonly kind: ShardProblemKind
  /** Found, expected and evidence, in that order; no final full stop. */
  readonly message: string
  /** Names of the tensors that are lost or concerned; empty where the whole file is. */
  readonly tensors: readonly string[]
  readonly refusedBy: RefusedBy
}

export interface Shard {
  /** Absolute path as found (a symbolic link is not resolved). */
  readonly path: string
  readonly sizeBytes: number
  readonly tensors: TensorTable
  /** Bytes of tensor data that the header states. */
  readonly dataBytes: number
  /** `__metadata__`; empty where absent or null. */
  readonly metadata: ReadonlyMap<string, string>
  readonly problems: readonly ShardProblem[]
}

/** A JSON file with positions: its text, its tree (undefined where nothing could be parsed) and what was wrong. */
export interface JsonFile {
  readonly path: string
  readonly text: string
  /** The text in UTF-8, as it was read. */
  readonly bytes: Uint8Array
  readonly root: JsonNode | undefined
  readonly problems: readonly { readonly offset: number; readonly length: number; readonly message: string }[]
}

/** A checkpoint: the shards that belong together and the config that speaks of them. */
export interface Model {
  /** Folder, or the lone file. */
  readonly path: string
  /** `mlx`, `huggingface` or `unknown`: who wrote it, from metadata and layout. */
  readonly kind: 'mlx' | 'huggingface' | 'unknown'
  readonly shards: readonly Shard[]
  /** config.json of the model, or the one above its ranks. More than one where each rank has its own. */
  readonly configs: readonly JsonFile[]
  /** hf_quant_config.json: what NVIDIA ModelOpt says of its quantization, in a file of its own. */
  readonly quantFile?: JsonFile
  readonly index?: JsonFile
  /** Small JSON files beside the shards or the config, read as data where a program opens them. */
  readonly data?: readonly JsonFile[]
  /** Files of it were named one by one: what else lies beside them was not looked at. */
  readonly isPartial?: boolean
}
