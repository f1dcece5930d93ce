// Writes the sample workspace: a model split by layers into ranks, one config.json above them, and the two programs that
// load it. As generated it is broken in two ways (see README.md); the other variants have one fault each, or none.

import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { copyView, deliver } from '../../server/quant/decode/view'
import type { ArrayOp } from '../../server/protocol'
import type { TensorToWrite } from '../support/writeSafetensors'
import { writeSafetensors } from '../support/writeSafetensors'
import type { SampleModule } from './model'
import { sampleModules, sizes } from './model'

export const variants = ['broken', 'correct', 'wrong-bits', 'weight-only', 'scales-sliced'] as const
export type Variant = (typeof variants)[number]

export const heads = ['tied', 'untied'] as const
export type Head = (typeof heads)[number]

export interface SampleOptions {
  readonly variant?: Variant
  readonly head?: Head
}

/** Where the programs lie in the sources; a bundle must be told. */
const programs = join(__dirname, 'program')

/** Writes the sample to `folder`, which is made where it does not exist. The same options give the same bytes. */
export function writeSample(folder: string, { variant = 'broken', head = 'untied' }: SampleOptions = {}): void {
  const tied = head === 'tied'
  const shards: TensorToWrite[][] = Array.from({ length: sizes.ranks }, () => [])
  for (const module of sampleModules(tied)) shards[module.rank]?.push(...stored(module, variant))
  shards.forEach((tensors, rank) => {
    const rankFolder = join(folder, `rank_${rank}`)
    mkdirSync(rankFolder, { recursive: true })
    writeFileSync(join(rankFolder, 'model.safetensors'), writeSafetensors(tensors))
  })
  writeFileSync(join(folder, 'config.json'), `${JSON.stringify(config(variant, tied), null, 2)}\n`)
  cpSync(programs, folder, { recursive: true })
}

/** A module's tensors as the variant's sharding script left them. */
function stored({ path, tensors }: SampleModule, variant: Variant): readonly TensorToWrite[] {
  const quantized = tensors.length === 3
  if (!quantized || path === 'model.embed_tokens') return tensors
  return tensors.map(tensor => {
    const isWeight = tensor.name.endsWith('.weight')
    if (variant === 'broken' || (variant === 'weight-only' && isWeight)) return changed(tensor, transpose)
    const attention = /\.(q|k|v)_proj$/.test(path)
    if (variant === 'scales-sliced' && attention && !isWeight) return changed(tensor, firstHalf(tensor))
    return tensor
  })
}

const transpose: ArrayOp = { op: 'transpose', axes: [1, 0] }
const firstHalf = ({ shape: [rows = 0] }: TensorToWrite): ArrayOp => ({
  op: 'slice',
  axis: 0,
  start: 0,
  stop: rows / 2,
})

function changed(tensor: TensorToWrite, op: ArrayOp): TensorToWrite {
  const delivery = deliver(tensor.shape, [op])
  const view = delivery.ok ? delivery.views[0] : undefined
  if (!view) throw new Error(`${tensor.name} cannot be changed so`)
  return { ...tensor, shape: view.shape, data: copyView(tensor.data, view, tensor.dtype === 'U32' ? 4 : 2) }
}

function config(variant: Variant, tied: boolean) {
  const quantization = {
    group_size: variant === 'broken' ? 32 : sizes.groupSize,
    bits: variant === 'wrong-bits' ? 8 : sizes.bits,
  }
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_size: sizes.hidden,
    intermediate_size: sizes.intermediate,
    num_attention_heads: sizes.heads,
    num_key_value_heads: sizes.keyValueHeads,
    num_hidden_layers: sizes.layers,
    num_ranks: sizes.ranks,
    vocab_size: sizes.vocabulary,
    max_position_embeddings: 512,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    tie_word_embeddings: tied,
    quantization,
    quantization_config: quantization,
  }
}
