// Small questions about stored tensors that every format asks. Shapes are in elements, the last axis counts inputs.

import type { DType } from '../../checkpoint/dtype'
import type { Grouping, Members, Shape, StoredMember } from './format'

export const last = (shape: Shape): number => shape[shape.length - 1] ?? 0
export const rows = (shape: Shape): number => shape[shape.length - 2] ?? 0
/** Everything before the last two axes: experts, where they are stacked. */
export const lead = (shape: Shape): Shape => shape.slice(0, -2)
export const ceilDiv = (a: number, b: number): number => Math.ceil(a / b)
export const sizeOf = (shape: Shape): number => shape.reduce((product, dim) => product * dim, 1)
export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((dim, i) => dim === b[i])
/** All axes but the last. */
export const sameRows = (a: Shape, b: Shape): boolean => sameShape(a.slice(0, -1), b.slice(0, -1))
export const whole = (n: number): number | undefined => (Number.isInteger(n) && n > 0 ? n : undefined)

const floats: ReadonlySet<DType> = new Set(['F16', 'BF16', 'F32', 'F64'])
export const isFloat = (member: StoredMember | undefined): member is StoredMember =>
  member !== undefined && floats.has(member.dtype)
export const isFp8 = (member: StoredMember | undefined): member is StoredMember =>
  member !== undefined && /^F8_E(4M3|5M2)/.test(member.dtype)
/** Powers of two in a byte. */
export const isE8M0 = (member: StoredMember | undefined): member is StoredMember =>
  member?.dtype === 'U8' || member?.dtype === 'F8_E8M0'

/** A member of that dtype, and of that rank where one is given. */
export function find(members: Members, name: string, dtype: DType, rank?: number): StoredMember | undefined {
  const member = members.get(name)
  return member?.dtype === dtype && (rank === undefined || member.shape.length === rank) ? member : undefined
}

export const show = (name: string, { dtype, shape }: StoredMember): string => `${name} ${dtype} [${shape.join(', ')}]`

/** `qweight I32 [512, 4096], scales F16 [32, 4096]`, of those that are there. */
export function showMembers(members: Members, ...names: readonly string[]): string {
  return names
    .flatMap(name => {
      const member = members.get(name)
      return member ? [show(name, member)] : []
    })
    .join(', ')
}

export const member = (dtype: DType, ...shape: readonly number[]): StoredMember => ({ dtype, shape })
export const membersOf = (entries: Readonly<Record<string, StoredMember>>): Members => new Map(Object.entries(entries))

/**
 * What the shape of a scale says of a weight [.., out, in]. Ragged blocks are cropped, so a block is only known up to
 * the config or the customary 128.
 */
export function groupingOf(scale: Shape, logical: Shape, block?: readonly [number, number]): Grouping | undefined {
  const [out, columns] = [rows(logical), last(logical)]
  if (sizeOf(scale) === 1) return { kind: 'tensor' }
  if (sameShape(scale, logical.slice(0, -1)) || sameShape(scale, [...logical.slice(0, -1), 1]))
    return { kind: 'channel' }
  if (scale.length !== logical.length || !sameShape(lead(scale), lead(logical))) return undefined
  for (const [blockRows, blockColumns] of [...(block ? [block] : []), [1, 32], [128, 128], [64, 64], [32, 32]] as const)
    if (rows(scale) === ceilDiv(out, blockRows) && last(scale) === ceilDiv(columns, blockColumns))
      return blockRows === 1
        ? { kind: 'group', size: blockColumns }
        : { kind: 'block', rows: blockRows, columns: blockColumns }
  const size = rows(scale) === out ? whole(columns / last(scale)) : undefined
  return size ? { kind: 'group', size } : undefined
}

/** The shape of the scales of a weight [.., out, in]; undefined where a group does not divide the inputs. */
export function scaleShape(logical: Shape, grouping: Grouping): Shape | undefined {
  const before = lead(logical)
  const [out, columns] = [rows(logical), last(logical)]
  switch (grouping.kind) {
    case 'group':
      return columns % grouping.size === 0 ? [...before, out, columns / grouping.size] : undefined
    case 'channel':
      return [...before, out, 1]
    case 'tensor':
      return [1]
    case 'block':
      return [...before, ceilDiv(out, grouping.rows), ceilDiv(columns, grouping.columns)]
  }
}
