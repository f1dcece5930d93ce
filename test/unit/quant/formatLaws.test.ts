// Laws that hold for every format which can say how a logical shape is stored: the way back gives the same shape, and the
// stored members are recognised as that format, with the same parameters where the headers hold them.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { affineBits, affineGroupSizes, floatModes } from '../../../server/quant/affine'
import { readJsonFile } from '../../../server/checkpoint/jsonFile'
import { group, isForeign, type Format, type Grouping, type Parameters } from '../../../server/quant/formats/format'
import { hintsOf } from '../../../server/quant/formats/hints'
import { formats, recognise } from '../../../server/quant/formats/index'

const groups = (...sizes: readonly number[]): readonly Grouping[] => sizes.map(group)
const channel: Grouping = { kind: 'channel' }
const tensor: Grouping = { kind: 'tensor' }
const block: Grouping = { kind: 'block', rows: 128, columns: 128 }

/** Parameters to sweep, and what of the config is needed where headers cannot tell. */
interface Sweep {
  readonly bits: readonly number[]
  readonly groupings: readonly Grouping[]
  readonly config?: (parameters: Parameters) => object
  /** Only the product of bits and group size is in the headers, or the shape is not. */
  readonly unsure?: boolean
}

const bnb = { quant_method: 'bitsandbytes' }
const sweeps: Readonly<Record<string, Sweep>> = {
  'mlx-affine': { bits: affineBits, groupings: groups(...affineGroupSizes), unsure: true },
  metal: { bits: affineBits, groupings: groups(...affineGroupSizes), unsure: true },
  ...Object.fromEntries(
    Object.entries(floatModes).map(([mode, pair]) => [
      `mlx-${mode}`,
      { bits: [pair.bits], groupings: groups(pair.groupSize) },
    ]),
  ),
  gptq: { bits: [2, 3, 4, 8], groupings: [...groups(32, 64, 128), channel] },
  'awq-gemm': { bits: [4], groupings: [...groups(32, 64, 128), channel] },
  'awq-gemv': {
    bits: [4],
    groupings: groups(32, 64, 128),
    config: p => ({ quant_method: 'awq', group_size: size(p) }),
  },
  'awq-gemv-fast': {
    bits: [4],
    groupings: groups(32, 64, 128),
    config: p => ({ quant_method: 'awq', group_size: size(p) }),
  },
  'bnb-4bit': { bits: [4], groupings: groups(64, 128), config: () => bnb, unsure: true },
  'bnb-int8': { bits: [8], groupings: [channel] },
  'ct-pack-quantized': {
    bits: [2, 4, 8],
    groupings: [...groups(32, 64, 128), channel],
    config: p => ({
      quant_method: 'compressed-tensors',
      config_groups: { group_0: { weights: { num_bits: p.bits, group_size: size(p) } } },
    }),
  },
  'ct-int8': { bits: [8], groupings: [channel, tensor] },
  'ct-fp8': {
    bits: [8],
    groupings: [channel, tensor, block],
    config: () => ({ quant_method: 'compressed-tensors' }),
  },
  'ct-nvfp4': { bits: [4], groupings: groups(16) },
  'ct-mxfp4': { bits: [4], groupings: groups(32) },
  'ct-mxfp8': { bits: [8], groupings: groups(32) },
  'fp8-block': { bits: [8], groupings: [tensor, block] },
  'fbgemm-fp8': { bits: [8], groupings: [channel], config: () => ({ quant_method: 'fbgemm_fp8' }) },
  'deepseek-fp4': { bits: [4], groupings: groups(32) },
  'gpt-oss-mxfp4': { bits: [4], groupings: groups(32) },
  'modelopt-nvfp4': { bits: [4], groupings: groups(16) },
  'modelopt-fp8': { bits: [8], groupings: [tensor] },
  'modelopt-w4a16': { bits: [4], groupings: groups(32, 64, 128) },
  'gemma-qat': {
    bits: [2, 4, 8],
    groupings: [channel],
    config: p => ({ quant_method: 'gemma', num_bits: p.bits }),
  },
  bitnet: { bits: [2], groupings: [tensor] },
  eetq: { bits: [8], groupings: [channel] },
  unquantized: { bits: [16, 32], groupings: [tensor], unsure: true },
}

const size = ({ grouping }: Parameters) => (grouping.kind === 'group' ? grouping.size : -1)

/** Multiples of what every format divides by, two and more groups in a row, square ones included. */
const dims = fc.tuple(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 2, max: 40 }))
const shapes = dims.map(([out, inputs]) => [out * 128, inputs * 128] as const)

test('every format that can store is swept', () => {
  const storing = formats.filter((format: Format) => format.stored).map(({ id }) => id)
  expect(Object.keys(sweeps).sort()).toEqual([...storing].sort())
})

test.each(formats.filter((format: Format) => format.stored).map(format => [format.id, format as Format] as const))(
  '%s: stored and back',
  (id, format) => {
    const sweep = sweeps[id]
    if (!sweep) throw new Error(`no sweep for ${id}`)
    fc.assert(
      fc.property(
        shapes,
        fc.constantFrom(...sweep.bits),
        fc.constantFrom(...sweep.groupings),
        (logical, bits, grouping) => {
          const parameters = { bits, grouping }
          const members = format.stored?.(logical, parameters)
          expect(members, 'a shape that divides is stored').toBeDefined()
          if (!members) return
          if (format.logical) expect(format.logical(members, parameters)).toEqual(logical)
          const config = sweep.config?.(parameters)
          const hints = hintsOf(
            readJsonFile('/m/config.json', JSON.stringify(config ? { quantization_config: config } : {})),
          )
          const found = recognise({ members, hints, metadata: new Map() })
          expect(found?.format.id).toBe(id)
          if (sweep.unsure) return
          expect(found?.logical).toEqual(logical)
          expect(found?.parameters).toEqual(parameters)
        },
      ),
      { numRuns: 150, seed: 7 },
    )
  },
)

test('members that a format calls required are those that it stores', () => {
  for (const format of formats as readonly Format[]) {
    const sweep = sweeps[format.id]
    const members =
      sweep && format.stored?.([512, 1024], { bits: sweep.bits[0] ?? 4, grouping: sweep.groupings[0] ?? tensor })
    if (!members) continue
    expect([...members.keys()], format.id).toEqual(expect.arrayContaining([...format.members.required]))
    const known = [...format.members.required, ...format.members.optional]
    expect(known, format.id).toEqual(expect.arrayContaining([...members.keys()]))
  }
})

test('a shape that does not divide is not stored', () => {
  const by = (id: string) => (formats as readonly Format[]).find(format => format.id === id)
  expect(by('mlx-affine')?.stored?.([64, 100], { bits: 4, grouping: group(64) })).toBeUndefined()
  expect(by('gptq')?.stored?.([63, 128], { bits: 4, grouping: group(64) })).toBeUndefined()
  expect(by('awq-gemm')?.stored?.([60, 128], { bits: 4, grouping: group(64) })).toBeUndefined()
  expect(by('gpt-oss-mxfp4')?.stored?.([64, 48], { bits: 4, grouping: group(32) })).toBeUndefined()
})

test("every foreign format says why it is not MLX's and what converts it; no other does", () => {
  for (const format of formats as readonly Format[]) {
    expect(format.convert !== undefined, format.id).toBe(isForeign(format))
    expect(format.notMlx ?? '', format.id).not.toMatch(/\.$/)
  }
  expect(new Set(formats.map(({ id }) => id)).size).toBe(formats.length)
})

test('no header, however odd, makes a format throw', () => {
  const names = [
    ...new Set((formats as readonly Format[]).flatMap(({ members }) => [...members.required, ...members.optional])),
  ]
  const member = fc.record({
    dtype: fc.constantFrom('U32', 'I32', 'U8', 'I8', 'I16', 'F16', 'F32', 'F8_E4M3', 'F8_E8M0', 'I64'),
    shape: fc.array(fc.integer({ min: 0, max: 70 }), { maxLength: 4 }),
  })
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...names), member), { maxLength: 6 }), entries => {
      const found = recognise({ members: new Map(entries as never), hints: hintsOf(undefined), metadata: new Map() })
      if (!found) return
      expect(found.evidence.length).toBeGreaterThan(0)
      for (const dim of found.logical ?? []) expect(Number.isFinite(dim)).toBe(true)
    }),
    { numRuns: 3000, seed: 11 },
  )
})
