// The list of libraries that the interpreter understands, one file each. A model maps a name to what a call of it does;
// a call of a name that stands in no table is unknown, and unknown is silent.
// Methods of values are named by the kind of value (`str.replace`, `dict.get`, `array.transpose`).

import type { LibraryCall } from '../run/libraryCall'
import type { Machine } from '../run/machine'
import type { Place, Value } from '../values/value'
import { argparse } from './argparse'
import { arrayAtModel } from './arrayAt'
import { assertions } from './assertions'
import { bytes } from './bytes'
import { collections } from './collections'
import { dispatching } from './dispatch'
import { concurrency } from './concurrency'
import { events } from './events'
import { files } from './files'
import { frostTrees } from './frostTrees'
import { frostMlx } from './frostMlx'
import { frozenModules } from './frozen'
import { functional } from './functional'
import { iteration } from './iteration'
import { javascript } from './javascript'
import { linalg } from './linalg'
import { logging } from './logging'
import { frostLayers } from './frostLayers'
import { mappings } from './mappings'
import { moduleTrees } from './moduleTrees'
import { moduleWalks } from './moduleWalks'
import { mlxArray } from './mlxArray'
import { mlxAttention } from './mlxAttention'
import { mlxCore } from './mlxCore'
import { mlxLayers } from './mlxLayers'
import { mlxModule } from './mlxModule'
import { mlxProducts } from './mlxProducts'
import { mlxRarer } from './mlxRarer'
import { mlxSpace } from './mlxSpace'
import { mlxTrees } from './mlxTrees'
import { node } from './node'
import { nodeFolders } from './nodeFolders'
import { numbers } from './numbers'
import { numpy } from './numpy'
import { promises } from './promises'
import { python } from './python'
import { pythonRegex } from './pythonRegex'
import { pythonText } from './pythonText'
import { qqmmModel } from './qqmm'
import { regex } from './regex'
import { safetensors } from './safetensors'
import { samples } from './samples'
import { scalars } from './scalars'
import { scriptArrays } from './scriptArrays'
import { scriptIterators } from './scriptIterators'
import { scriptObjects } from './scriptObjects'
import { scriptText } from './scriptText'
import { sorting } from './sorting'
import { sets } from './sets'
import { strings } from './strings'
import { transforms } from './transforms'
import { writing } from './writing'

export interface LibraryModel {
  /** What a call gives. */
  readonly calls: Readonly<Record<string, (call: LibraryCall) => Value>>
  /** What an attribute gives where it is not a method. */
  readonly properties?: Readonly<Record<string, (m: Machine, self: Value, at: Place) => Value>>
  /** Other spellings of a module: what is imported → the name used in the tables. */
  readonly aliases?: Readonly<Record<string, string>>
}

export const libraries: readonly LibraryModel[] = [
  python,
  numbers,
  sets,
  functional,
  dispatching,
  iteration,
  concurrency,
  logging,
  regex,
  pythonRegex,
  javascript,
  promises,
  strings,
  pythonText,
  scriptObjects,
  scriptText,
  collections,
  mappings,
  scriptArrays,
  scriptIterators,
  sorting,
  files,
  bytes,
  assertions,
  node,
  events,
  nodeFolders,
  writing,
  argparse,
  safetensors,
  mlxCore,
  mlxArray,
  scalars,
  arrayAtModel,
  mlxModule,
  moduleTrees,
  frozenModules,
  moduleWalks,
  mlxLayers,
  mlxRarer,
  mlxSpace,
  mlxAttention,
  frostLayers,
  mlxProducts,
  linalg,
  samples,
  transforms,
  qqmmModel,
  mlxTrees,
  numpy,
  frostMlx,
  frostTrees,
]

export const models = new Map(libraries.flatMap(l => Object.entries(l.calls)))
export const properties = new Map(libraries.flatMap(l => Object.entries(l.properties ?? {})))
const aliases = new Map(libraries.flatMap(l => Object.entries(l.aliases ?? {})))

/** The name in the tables of a module or a member of one. */
export const libraryName = (name: string): string => aliases.get(name) ?? name
