// Decodes affine-quantized matrices to the very bytes that `mx.dequantize` gives on CPU.
// MLX computes rnd_T(rnd_S(rnd_S(q) · scale) + bias): two roundings, S the dtype of the scales and T that of the result,
// which is the wider of scales and biases. Column j of a row is the field of bits [j·bits, (j+1)·bits) of the row's
// words, least significant bit first. Shapes and dtypes are judged in validate.ts; here they are taken for sound.
// Sources: ml-explore/mlx, mlx/ops.cpp (affine_dequantize), and runs of MLX 0.32.4.
//
//   4 bits:  word 0  = |q7|q6|q5|q4|q3|q2|q1|q0|      3 bits:  word 0  = ..|q2|q1|q0|, q10 straddles words 0 and 1

import { f32BitsOf, floatBytes, roundToBF16, roundToF16 } from '../floats'
import type { FloatDType } from '../floats'
import { carefulDecoder, decodersTo16, decodersTo32 } from './group'
import { fillBF16, fillF16, ladder, lookUpCells, lookUpPairs } from './nibbles'

export interface AffineTriple {
  /** `rows × packedColumns` words. */
  readonly weight: Uint32Array
  /** `rows × groups` floats, little-endian bytes. */
  readonly scales: Uint8Array
  /** `rows × biasGroups` floats, little-endian bytes. */
  readonly biases: Uint8Array
  readonly scalesDtype: FloatDType
  readonly biasesDtype: FloatDType
  /** Product of all dimensions but the last. */
  readonly rows: number
  readonly packedColumns: number
  readonly groups: number
  /** Where biases have another width than scales: one of the two widths must then be 1, and is broadcast. */
  readonly biasGroups?: number
  readonly groupSize: number
  /** 1 to 32. */
  readonly bits: number
}

/** The dtype that MLX's `result_type(scales, biases)` names. */
export function affineOutputDtype(scales: FloatDType, biases: FloatDType): FloatDType {
  return scales === biases ? scales : 'F32'
}

/** Columns of the decoded matrix: those of the groups, broadcast against the biases. */
export function affineOutputColumns(triple: Pick<AffineTriple, 'groups' | 'biasGroups' | 'groupSize'>): number {
  const { groups, biasGroups = groups, groupSize } = triple
  return (groups === 1 ? biasGroups : groups) * groupSize
}

/** Bytes of the decoded matrix. */
export function affineOutputBytes(triple: AffineTriple): number {
  const dtype = affineOutputDtype(triple.scalesDtype, triple.biasesDtype)
  return triple.rows * affineOutputColumns(triple) * floatBytes[dtype]
}

/**
 * The decoded matrix, row-major and little-endian, in the dtype that `affineOutputDtype` names. `bytes`, if given, is
 * memory to use again: of just that size, at an offset divisible by 4.
 */
export function dequantizeAffine(triple: AffineTriple, bytes = new Uint8Array(affineOutputBytes(triple))): Uint8Array {
  const { rows, packedColumns, groups, biasGroups = groups, groupSize, bits } = triple
  const dtype = affineOutputDtype(triple.scalesDtype, triple.biasesDtype)
  const columns = affineOutputColumns(triple)
  const scales = f32BitsOf(triple.scales, triple.scalesDtype)
  const biases = f32BitsOf(triple.biases, triple.biasesDtype)
  const decodeGroup = dtype === 'F32' ? groupsTo32(triple, bytes) : groupsTo16(triple, dtype, bytes)
  const outGroups = columns / groupSize
  for (let row = 0; row < rows; row++) {
    for (let group = 0; group < outGroups; group++) {
      const stored = groups === 1 ? 0 : group
      decodeGroup(
        row * packedColumns,
        stored * groupSize * bits,
        scales[row * groups + stored] as number,
        biases[row * biasGroups + (biasGroups === 1 ? 0 : group)] as number,
        row * columns + group * groupSize,
      )
    }
  }
  return bytes
}

/** Decodes the group that begins `bit` bits after word `base` to the cells from `at` on. */
type StoredGroupDecoder = (base: number, bit: number, scale: number, bias: number, at: number) => void

function groupsTo16(triple: AffineTriple, dtype: 'F16' | 'BF16', bytes: Uint8Array): StoredGroupDecoder {
  const { weight, groupSize } = triple
  if (triple.bits === 4 && groupSize % 8 === 0) {
    const fill = dtype === 'F16' ? fillF16 : fillBF16
    const table = new Uint16Array(16)
    const pairs = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2)
    return (base, bit, scale, bias, at) => {
      fill(scale, bias, table)
      lookUpPairs(weight, base + (bit >>> 5), groupSize >>> 3, table, pairs, at >>> 1)
    }
  }
  const decode = isWide(triple) ? carefulDecoder(dtype, dtype) : decodersTo16[dtype]
  const cells = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 1)
  const codes = new Float32Array(groupSize)
  const unpack = unpacker(triple)
  return (base, bit, scale, bias, at) => {
    unpack(weight, base, bit, codes)
    decode(codes, groupSize, scale, bias, cells, at)
  }
}

function groupsTo32(triple: AffineTriple, bytes: Uint8Array): StoredGroupDecoder {
  const { weight, groupSize } = triple
  const { scalesDtype } = triple
  const decode = isWide(triple) ? carefulDecoder(scalesDtype, 'F32') : decodersTo32[scalesDtype]
  if (triple.bits === 4 && groupSize % 8 === 0) {
    const table = new Uint32Array(16)
    const signed = new Int32Array(table.buffer)
    const cells = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2)
    return (base, bit, scale, bias, at) => {
      decode(ladder, 16, scale, bias, table, 0)
      lookUpCells(weight, base + (bit >>> 5), groupSize >>> 3, signed, cells, at)
    }
  }
  const cells = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2)
  const codes = new Float32Array(groupSize)
  const unpack = unpacker(triple)
  return (base, bit, scale, bias, at) => {
    unpack(weight, base, bit, codes)
    decode(codes, groupSize, scale, bias, cells, at)
  }
}

/** Fills `codes` from the fields that begin `bit` bits after word `base`. */
type Unpacker = (words: Uint32Array, base: number, bit: number, codes: Float32Array) => void

/** MLX casts the codes to the scales' dtype before it multiplies: more than 8 bits are then rounded, or infinite. */
const isWide = ({ bits, scalesDtype }: AffineTriple): boolean => bits > 8 && scalesDtype !== 'F32'

function unpacker(triple: AffineTriple): Unpacker {
  const { bits, groupSize, scalesDtype } = triple
  if (bits === 8 && groupSize % 4 === 0) return unpackBytes
  const unpack = unpackFields(bits)
  if (!isWide(triple)) return unpack
  const round = scalesDtype === 'F16' ? roundToF16 : roundToBF16
  return (words, base, bit, codes) => {
    unpack(words, base, bit, codes)
    for (let j = 0; j < codes.length; j++) codes[j] = round(codes[j] as number)
  }
}

const unpackBytes: Unpacker = (words, base, bit, codes) => {
  for (let i = base + (bit >>> 5), j = 0; j < codes.length; i++, j += 4) {
    const word = words[i] as number
    codes[j] = word & 255
    codes[j + 1] = (word >>> 8) & 255
    codes[j + 2] = (word >>> 16) & 255
    codes[j + 3] = word >>> 24
  }
}

/** Fields of any width up to 32 bits, which may straddle words. */
function unpackFields(bits: number): Unpacker {
  const mask = bits === 32 ? -1 : (1 << bits) - 1
  return (words, base, bit, codes) => {
    for (let j = 0; j < codes.length; j++, bit += bits) {
      const index = base + (bit >>> 5)
      const shift = bit & 31
      let field = (words[index] as number) >>> shift
      if (shift + bits > 32) field |= (words[index + 1] as number) << (32 - shift)
      codes[j] = (field & mask) >>> 0
    }
  }
}
