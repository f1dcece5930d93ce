// GPTQ as AutoGPTQ and GPTQModel write it: I32 `qweight` [in·b/32, out] packed along the inputs, `qzeros` [G, out·b/32]
// packed along the outputs, `scales` [G, out], and mostly `g_idx` [in]. The versions differ in what a stored zero means
// (v1: the zero less one) and in how 3-bit words are filled, not in any shape: only the config or the bytes of qzeros
// tell (AutoGPTQ, qlinear_cuda_old.py; GPTQModel, nn_modules/qlinear and utils/planar_packing.py).

import type { Format, Found, Grouping, Members, Parameters, Shape, StoredMember, Weight } from './format'
import { ceilDiv, find, isFloat, last, member, membersOf, rows, showMembers, whole } from './shapes'

/** Group sizes below this are written by nobody; such a reading of the shapes is a coincidence. */
const smallestGroup = 16
const widths = [2, 3, 4, 5, 6, 7, 8]

const versions: Readonly<Record<string, { readonly variant: string; readonly zeros: string }>> = {
  gptq: { variant: 'v1', zeros: 'each stored zero is one too small' },
  gptq_v2: { variant: 'v2', zeros: 'zeros are stored as they are' },
  gptq_p: { variant: 'planar', zeros: 'zeros are stored as they are, codes in planes of 4 bits and the rest' },
}

export const gptq: Format = {
  id: 'gptq',
  name: 'GPTQ',
  methods: ['gptq'],
  members: { required: ['qweight', 'scales'], optional: ['qzeros', 'g_idx', 'bias'] },
  recognise(weight: Weight): Found | undefined {
    const layout = gptqLayout(weight)
    if (!layout) return undefined
    const version = versions[weight.hints.layout ?? '']
    return {
      ...layout,
      variant: version?.variant,
      evidence: [
        ...layout.evidence,
        version
          ? `config says ${weight.hints.layout}: ${version.zeros}`
          : 'neither headers nor config tell v1 (stored zeros are one too small) from v2: only the values in qzeros would; readers take v1 where nothing is stated',
      ],
    }
  },
  stored(logical: Shape, { bits, grouping }: Parameters): Members | undefined {
    const [out, inputs] = [rows(logical), last(logical)]
    const groupSize = grouping.kind === 'channel' ? inputs : grouping.kind === 'group' ? grouping.size : 0
    if (logical.length !== 2 || groupSize === 0 || (inputs * bits) % 32 !== 0 || (out * bits) % 32 !== 0)
      return undefined
    const groups = ceilDiv(inputs, groupSize)
    return membersOf({
      qweight: member('I32', (inputs * bits) / 32, out),
      qzeros: member('I32', groups, (out * bits) / 32),
      scales: member('F16', groups, out),
      g_idx: member('I32', inputs),
    })
  },
  logical(members: Members, { bits }: Parameters): Shape | undefined {
    const qweight = members.get('qweight')
    return qweight && [last(qweight.shape), (rows(qweight.shape) * 32) / bits]
  },
  notMlx:
    'its I32 words are packed along the inputs, [in × bits / 32, out], and packed qzeros stand where MLX has floating-point biases',
  convert: () => ({
    kind: 'exact',
    how: 'where g_idx is in order, unpack along the inputs, transpose, pack again, biases = -zero × scale, in F32 unless the zeros are powers of two',
  }),
}

/** What the headers say of a GPTQ layout, whoever wrote it. */
export function gptqLayout({ members, hints }: Weight): Found | undefined {
  const qweight = find(members, 'qweight', 'I32', 2)
  const scales = members.get('scales')
  const qzeros = members.get('qzeros')
  const order = find(members, 'g_idx', 'I32', 1)
  if (!qweight || !isFloat(scales) || scales.shape.length !== 2) return undefined
  const out = last(qweight.shape)
  if (out === 0 || last(scales.shape) !== out) return undefined
  if (qzeros && (qzeros.dtype !== 'I32' || rows(qzeros.shape) !== rows(scales.shape))) return undefined
  const known = knownBits(qweight, qzeros, order, out)
  const said = hints.bits !== undefined && widths.includes(hints.bits) ? hints.bits : undefined
  const bits = known?.bits ?? said
  const inputs = order?.shape[0] ?? (bits && whole((rows(qweight.shape) * 32) / bits))
  const evidence = [
    `${showMembers(members, 'qweight', 'scales')}: as many columns in both, so packed along the inputs (AWQ GEMM would have ${out / 8} in qweight)`,
    known
      ? `${showMembers(members, known.from)} makes it ${known.bits}-bit`
      : 'no qzeros or g_idx from which bits would follow',
  ]
  if (!bits || !inputs) return { main: 'qweight', evidence }
  const grouping = groupingOf(inputs, rows(scales.shape), hints.groupSize)
  // A group of 8 is not GPTQ: it is AWQ GEMV with padded scales, looked at from the side.
  if (grouping?.kind === 'group' && grouping.size < smallestGroup) return undefined
  return { main: 'qweight', ...(grouping ? { parameters: { bits, grouping } } : {}), logical: [out, inputs], evidence }
}

/** Bits from the members that hold them: g_idx has one entry for each input, qzeros one field for each output. */
function knownBits(
  qweight: StoredMember,
  qzeros: StoredMember | undefined,
  order: StoredMember | undefined,
  out: number,
): { readonly bits: number; readonly from: string } | undefined {
  for (const [from, bits] of [
    ['g_idx', order && (rows(qweight.shape) * 32) / (order.shape[0] ?? 0)],
    ['qzeros', qzeros && (last(qzeros.shape) * 32) / out],
  ] as const)
    if (bits !== undefined && widths.includes(bits)) return { bits, from }
  return undefined
}

function groupingOf(inputs: number, groups: number, said: number | undefined): Grouping | undefined {
  if (groups === 1) return { kind: 'channel' }
  const size = said !== undefined && said > 0 && ceilDiv(inputs, said) === groups ? said : whole(inputs / groups)
  return size === undefined ? undefined : { kind: 'group', size }
}
