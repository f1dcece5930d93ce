// The list of quantization formats: the one place where a format is registered. The order is precedence, most specific
// first: a format with more members stands before one that would be content with some of them, and one that needs the
// config stands before the one that the same tensors mean without it.

import { aqlm } from './aqlm'
import { autoRound } from './autoRound'
import { awqGemm } from './awqGemm'
import { awqGemv } from './awqGemv'
import { awqGemvFast } from './awqGemvFast'
import { bitnet } from './bitnet'
import { bnb4bit } from './bnb4bit'
import { bnbInt8 } from './bnbInt8'
import { ctFp8 } from './ctFp8'
import { ctInt8 } from './ctInt8'
import { ctMxfp4 } from './ctMxfp4'
import { ctMxfp8 } from './ctMxfp8'
import { ctNvfp4 } from './ctNvfp4'
import { ctPacked } from './ctPacked'
import { deepseekFp4 } from './deepseekFp4'
import { eetq } from './eetq'
import { exl3 } from './exl3'
import { fbgemmFp8 } from './fbgemmFp8'
import type { Format, Recognition, Weight } from './format'
import { fp8Block } from './fp8Block'
import { fp8Plain } from './fp8Plain'
import { gemmaQat } from './gemmaQat'
import { gptOssMxfp4 } from './gptOssMxfp4'
import { gptq } from './gptq'
import { hqq } from './hqq'
import { marlin } from './marlin'
import { metal } from './metal'
import { mlxAffine } from './mlxAffine'
import { mlxMxfp4 } from './mlxMxfp4'
import { mlxMxfp8 } from './mlxMxfp8'
import { mlxNvfp4 } from './mlxNvfp4'
import { modeloptFp8 } from './modeloptFp8'
import { modeloptNvfp4 } from './modeloptNvfp4'
import { modeloptW4a16 } from './modeloptW4a16'
import { quanto } from './quanto'
import { spqr } from './spqr'
import { torchao } from './torchao'
import { unquantized } from './unquantized'
import { vptq } from './vptq'

export const formats = [
  // U32 `weight`: qbiases before biases, and U8 scales before floating-point ones.
  metal,
  mlxMxfp4,
  mlxMxfp8,
  mlxNvfp4,
  mlxAffine,
  // Names that nobody else uses.
  torchao,
  quanto,
  hqq,
  aqlm,
  vptq,
  spqr,
  exl3,
  bnb4bit,
  bnbInt8,
  gptOssMxfp4,
  // `qweight`: the config's own word first, then the layouts, which exclude one another.
  marlin,
  autoRound,
  eetq,
  awqGemvFast,
  awqGemv,
  gptq,
  awqGemm,
  // `weight_packed`, then `weight` beside a scale: with a second scale, in bytes, by rows, last the plain ones.
  ctNvfp4,
  ctMxfp4,
  ctPacked,
  modeloptNvfp4,
  deepseekFp4,
  gemmaQat,
  modeloptW4a16,
  bitnet,
  ctMxfp8,
  fbgemmFp8,
  modeloptFp8,
  ctFp8,
  fp8Block,
  fp8Plain,
  ctInt8,
  unquantized,
] as const satisfies readonly Format[]

/** Whose format a weight is stored in, and why; undefined where no format claims it. */
export function recognise(weight: Weight): Recognition | undefined {
  for (const format of formats) {
    const found = format.recognise(weight)
    if (found) return { ...found, format }
  }
  return undefined
}
