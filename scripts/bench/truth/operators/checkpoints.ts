// Faults of the files: tensors and shards that are not what they were.

import { dtypeBits, type DType } from '../../../../server/checkpoint/dtype'
import type { Change, Operator, Site } from '../mutant'
import type { ShardFile, Specimen, StoredTensor } from '../specimen'

interface Shard {
  readonly path: string
  readonly file: ShardFile
  readonly specimen: Specimen
}

/** An operator over every shard of a specimen. */
export function onShards(id: string, what: string, find: (shard: Shard) => readonly Site[]): Operator {
  return { id, target: 'checkpoint', what, sites: specimen => shardsOf(specimen).flatMap(find) }
}

function shardsOf(specimen: Specimen): Shard[] {
  return [...specimen.files].flatMap(([path, file]) => (file.kind === 'shard' ? [{ path, file, specimen }] : []))
}

/** The shard's index, which names it. */
function indexes({ path, specimen }: Shard): Change[] {
  const name = path.slice(path.lastIndexOf('/') + 1)
  return [...specimen.files].flatMap(([other, file]) =>
    file.kind === 'text' && other.endsWith('.index.json') && file.text.includes(`"${name}"`) ? [{ path: other }] : [],
  )
}

const put = (shard: Shard, tensors: readonly StoredTensor[], said: string, more: Partial<ShardFile> = {}): Site => ({
  files: new Map([[shard.path, { ...shard.file, ...more, tensors }]]),
  places: indexes(shard),
  said,
})

const describe = ({ name, dtype, shape }: StoredTensor): string => `${name} ${dtype} [${shape.join(', ')}]`

/** A site for each tensor that becomes another. */
const each =
  (other: (tensor: StoredTensor, shard: Shard) => StoredTensor | undefined) =>
  (shard: Shard): Site[] =>
    shard.file.tensors.flatMap(tensor => {
      const changed = other(tensor, shard)
      if (!changed) return []
      const tensors = shard.file.tensors.map(one => (one === tensor ? changed : one))
      return [put(shard, tensors, `${describe(tensor)} became ${describe(changed)}`)]
    })

const isSuffix = (tensor: StoredTensor, suffix: string): boolean => tensor.name.endsWith(suffix)
const moduleOf = ({ name }: StoredTensor): string => name.replace(/\.(weight|scales|biases)$/, '')

/** The shape with its last axis changed; undefined where that is no whole number. */
function withColumns({ shape }: StoredTensor, factor: number): number[] | undefined {
  const last = (shape.at(-1) ?? 0) * factor
  return Number.isInteger(last) && last >= 1 ? [...shape.slice(0, -1), last] : undefined
}

const turned = (tensor: StoredTensor): StoredTensor | undefined => {
  const [columns, rows] = [tensor.shape.at(-1), tensor.shape.at(-2)]
  if (columns === undefined || rows === undefined || columns === rows) return undefined
  return { ...tensor, isTurned: true, shape: [...tensor.shape.slice(0, -2), columns, rows] }
}

export const transposedTensor = each(turned)

/** All tensors of a quantized module. */
export function transposedModule(shard: Shard): Site[] {
  return quantizedModules(shard).map(({ name, tensors }) =>
    put(
      shard,
      shard.file.tensors.map(tensor => (tensors.includes(tensor) ? (turned(tensor) ?? tensor) : tensor)),
      `${name} is stored transposed`,
    ),
  )
}

function quantizedModules({ file }: Shard): { name: string; tensors: StoredTensor[] }[] {
  const names = file.tensors.filter(tensor => isSuffix(tensor, '.scales')).map(moduleOf)
  return names.map(name => ({ name, tensors: file.tensors.filter(tensor => moduleOf(tensor) === name) }))
}

export const droppedTensor = (shard: Shard): Site[] =>
  shard.file.tensors.map(tensor =>
    put(
      shard,
      shard.file.tensors.filter(one => one !== tensor),
      `${tensor.name} is gone`,
    ),
  )

/** A last part that another program would have written. */
export const renamedTensor = each(tensor => {
  const found = /\.(weight|scales|biases|bias)$/.exec(tensor.name)?.[1]
  const others: Readonly<Record<string, string>> = { weight: 'qweight', scales: 'scale', biases: 'zeros', bias: 'b' }
  const other = found === undefined ? undefined : others[found]
  if (found === undefined || other === undefined) return undefined
  return { ...tensor, name: tensor.name.slice(0, -found.length) + other, numbersOf: tensor.numbersOf ?? tensor.name }
})

/** A further first part, on every name. */
export function prefixedNames(shard: Shard): Site[] {
  const tensors = shard.file.tensors.map(tensor => ({
    ...tensor,
    name: `base_model.${tensor.name}`,
    numbersOf: tensor.name,
  }))
  return [put(shard, tensors, 'every name begins with base_model.')]
}

/** Of the same width: the bytes stay, and are told to be something else. */
const otherDtypes: Partial<Record<DType, DType>> = {
  U32: 'I32',
  F16: 'U16',
  BF16: 'U16',
  F32: 'U32',
  U8: 'I8',
  I32: 'F32',
}

export const wrongDtype = each(tensor => {
  const dtype = otherDtypes[tensor.dtype]
  return dtype && { ...tensor, dtype, bytesOf: tensor.dtype }
})

/** A dtype that MLX does not read. */
export const unreadableDtype = each(tensor =>
  dtypeBits[tensor.dtype] === 8 || tensor.dtype === 'F32'
    ? { ...tensor, dtype: tensor.dtype === 'F32' ? 'F64' : 'F8_E5M2' }
    : undefined,
)

export const cutRows = each(tensor => {
  const [rows = 0, ...rest] = tensor.shape
  return rows < 2 ? undefined : { ...tensor, shape: [rows - Math.max(1, Math.floor(rows / 4)), ...rest] }
})

export const halvedScales = each(tensor => {
  const shape = isSuffix(tensor, '.scales') ? withColumns(tensor, 0.5) : undefined
  return shape && { ...tensor, shape }
})

/** Scales and biases of a module as another group size has them. */
const otherGroup =
  (factor: number) =>
  (shard: Shard): Site[] =>
    quantizedModules(shard).flatMap(({ name, tensors }) =>
      changeOf(shard, tensors, /\.(scales|biases)$/, factor, `${name} has other groups`),
    )

/** The packed weight of a module as another number of bits has it. */
const otherBits =
  (factor: number) =>
  (shard: Shard): Site[] =>
    quantizedModules(shard).flatMap(({ name, tensors }) =>
      changeOf(shard, tensors, /\.weight$/, factor, `${name} has other bits`),
    )

function changeOf(shard: Shard, among: readonly StoredTensor[], wanted: RegExp, factor: number, said: string): Site[] {
  const changed = new Map(
    among.flatMap(tensor => {
      const shape = wanted.test(tensor.name) ? withColumns(tensor, factor) : undefined
      return shape ? [[tensor, { ...tensor, shape }] as const] : []
    }),
  )
  if (changed.size === 0) return []
  return [
    put(
      shard,
      shard.file.tensors.map(tensor => changed.get(tensor) ?? tensor),
      said,
    ),
  ]
}

export const coarserGroups = otherGroup(0.5)
export const finerGroups = otherGroup(2)
export const moreBits = otherBits(2)
export const fewerBits = otherBits(0.5)

/** The rows and columns of a matrix are told otherwise: as many numbers in another shape. */
export const reshapedTensor = each(tensor => {
  const [rows = 0, ...rest] = tensor.shape
  const last = rest.at(-1)
  if (last === undefined || rows % 2 !== 0) return undefined
  return { ...tensor, shape: [rows / 2, ...rest.slice(0, -1), last * 2] }
})

/** Without the axis of length one, or with a further one. */
export const extraAxis = each(tensor => ({ ...tensor, shape: [1, ...tensor.shape] }))

export function missingShard(shard: Shard): Site[] {
  return [{ files: new Map([[shard.path, undefined]]), places: indexes(shard), said: 'the file is gone' }]
}

/** Tensors whose names say that they belong to the last of several layers or experts. */
const lastOf =
  (holder: RegExp) =>
  (shard: Shard): Site[] => {
    const numbers = shardsOf(shard.specimen).flatMap(({ file }) =>
      file.tensors.flatMap(({ name }) => numberIn(name, holder)),
    )
    const last = Math.max(-1, ...numbers)
    const rest = shard.file.tensors.filter(({ name }) => !numberIn(name, holder).includes(last))
    return last < 1 || rest.length === shard.file.tensors.length ? [] : [put(shard, rest, `number ${last} is gone`)]
  }

const numberIn = (name: string, holder: RegExp): number[] => {
  const found = holder.exec(name)?.[1]
  return found === undefined ? [] : [Number(found)]
}

export const missingLayer = lastOf(/(?:layers|blocks|h|layer|block)\.(\d+)\./)
export const missingExpert = lastOf(/experts\.(\d+)\./)

/** The tensors of two sibling modules of other shapes change places; of two that are alike no header would show it. */
export function crossedModules(shard: Shard): Site[] {
  const modules = quantizedModules(shard)
  const parentOf = (name: string): string => name.slice(0, name.lastIndexOf('.'))
  const headerOf = (name: string, tensors: readonly StoredTensor[]): string =>
    tensors.map(one => describe({ ...one, name: one.name.slice(name.length) })).join()
  return modules.flatMap(({ name, tensors: own }, index) => {
    const other = modules
      .slice(index + 1)
      .find(
        one => parentOf(one.name) === parentOf(name) && headerOf(one.name, one.tensors) !== headerOf(name, own),
      )?.name
    if (other === undefined) return []
    const tensors = shard.file.tensors.map(tensor => {
      const now = moduleOf(tensor) === name ? other : moduleOf(tensor) === other ? name : undefined
      if (now === undefined) return tensor
      return {
        ...tensor,
        name: now + tensor.name.slice(moduleOf(tensor).length),
        numbersOf: tensor.numbersOf ?? tensor.name,
      }
    })
    return [put(shard, tensors, `${name} and ${other} have changed places`)]
  })
}

export const truncatedFile = (shard: Shard): Site[] => [
  put(shard, shard.file.tensors, 'the last 100 bytes are missing', { change: -100 }),
]
export const longerFile = (shard: Shard): Site[] => [
  put(shard, shard.file.tensors, '64 bytes were appended', { change: 64 }),
]
export const emptyFile = (shard: Shard): Site[] => [put(shard, [], 'no tensor is left')]

/** What Git leaves where the large file was not fetched. */
export function pointerFile({ path }: Shard): Site[] {
  const text = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 123456\n`
  return [{ files: new Map([[path, { kind: 'text', text }]]), said: 'the file is a pointer of Git LFS' }]
}
