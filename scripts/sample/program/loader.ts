// Loads a sharded Llama rank by rank and runs a few tokens through all of them: loader.py and transformer.py for Node.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { core as mx } from '@frost-beta/mlx'

const MODEL_DIR = process.argv[2] ?? '.'

interface Quantization {
  group_size: number
  bits: number
}

interface Config {
  hidden_size: number
  num_attention_heads: number
  num_key_value_heads: number
  num_hidden_layers: number
  num_ranks: number
  rms_norm_eps: number
  rope_theta: number
  tie_word_embeddings: boolean
  quantization: Quantization
}

type Weights = Record<string, mx.array>

/** y = x W^T, with W either plain or quantized. */
class LinearLayer {
  private weight!: mx.array
  private scales?: mx.array
  private biases?: mx.array
  private groupSize: number
  private bits: number

  constructor(quantization: Quantization) {
    this.groupSize = quantization.group_size
    this.bits = quantization.bits
  }

  loadWeights(weight: mx.array) {
    this.weight = weight
  }

  loadQuantizedWeights(weight: mx.array, scales: mx.array, biases: mx.array) {
    this.weight = weight
    this.scales = scales
    this.biases = biases
  }

  forward(x: mx.array): mx.array {
    if (!this.scales || !this.biases) return mx.matmul(x, this.weight.astype(mx.float32).T)
    const weight = mx.dequantize(this.weight, this.scales, this.biases, this.groupSize, this.bits)
    return mx.matmul(x, weight.astype(mx.float32).T)
  }
}

/** Token embeddings, which also serve as the head of a model that ties the two. */
class EmbeddingLayer {
  private weight!: mx.array
  private scales!: mx.array
  private biases!: mx.array

  constructor(
    private groupSize = 64,
    private bits = 4,
  ) {}

  loadQuantizedWeights(weight: mx.array, scales: mx.array, biases: mx.array) {
    this.weight = weight
    this.scales = scales
    this.biases = biases
  }

  forward(tokens: mx.array): mx.array {
    const weight = mx.take(this.weight, tokens, 0)
    const scales = mx.take(this.scales, tokens, 0)
    const biases = mx.take(this.biases, tokens, 0)
    return mx.dequantize(weight, scales, biases, this.groupSize, this.bits).astype(mx.float32)
  }

  asLinear(x: mx.array): mx.array {
    const weight = mx.dequantize(this.weight, this.scales, this.biases, this.groupSize, this.bits)
    return mx.matmul(x, weight.astype(mx.float32).T)
  }
}

class RMSNorm {
  weight!: mx.array

  constructor(private eps: number) {}

  forward(x: mx.array): mx.array {
    return mx.fast.rmsNorm(x, this.weight.astype(mx.float32), this.eps)
  }
}

/** Grouped-query attention: several query heads share one key and value head. */
class PipelineAttention {
  q_proj: LinearLayer
  k_proj: LinearLayer
  v_proj: LinearLayer
  o_proj: LinearLayer
  private headDim: number

  constructor(private config: Config) {
    this.headDim = config.hidden_size / config.num_attention_heads
    this.q_proj = new LinearLayer(config.quantization)
    this.k_proj = new LinearLayer(config.quantization)
    this.v_proj = new LinearLayer(config.quantization)
    this.o_proj = new LinearLayer(config.quantization)
  }

  private heads(x: mx.array, count: number): mx.array {
    const [batch, length] = x.shape
    return x.reshape(batch, length, count, this.headDim).transpose(0, 2, 1, 3)
  }

  private rope(x: mx.array): mx.array {
    return mx.fast.rope(x, this.headDim, false, this.config.rope_theta, 1, 0)
  }

  forward(x: mx.array, mask: mx.array): mx.array {
    const { num_attention_heads: heads, num_key_value_heads: kvHeads } = this.config
    const queries = this.rope(this.heads(this.q_proj.forward(x), heads))
    const keys = mx.repeat(this.rope(this.heads(this.k_proj.forward(x), kvHeads)), heads / kvHeads, 1)
    const values = mx.repeat(this.heads(this.v_proj.forward(x), kvHeads), heads / kvHeads, 1)

    const scores = mx.matmul(mx.multiply(queries, this.headDim ** -0.5), keys.transpose(0, 1, 3, 2))
    const attended = mx.matmul(mx.softmax(mx.add(scores, mask), -1), values)
    return this.o_proj.forward(attended.transpose(0, 2, 1, 3).reshape(...x.shape))
  }
}

class PipelineMLP {
  gate_proj: LinearLayer
  up_proj: LinearLayer
  down_proj: LinearLayer

  constructor(config: Config) {
    this.gate_proj = new LinearLayer(config.quantization)
    this.up_proj = new LinearLayer(config.quantization)
    this.down_proj = new LinearLayer(config.quantization)
  }

  forward(x: mx.array): mx.array {
    const gate = this.gate_proj.forward(x)
    return this.down_proj.forward(mx.multiply(mx.multiply(gate, mx.sigmoid(gate)), this.up_proj.forward(x)))
  }
}

class PipelineTransformerBlock {
  attention: PipelineAttention
  mlp: PipelineMLP
  inputLayernorm: RMSNorm
  postAttentionLayernorm: RMSNorm

  constructor(config: Config) {
    this.attention = new PipelineAttention(config)
    this.mlp = new PipelineMLP(config)
    this.inputLayernorm = new RMSNorm(config.rms_norm_eps)
    this.postAttentionLayernorm = new RMSNorm(config.rms_norm_eps)
  }

  forward(x: mx.array, mask: mx.array): mx.array {
    const h = mx.add(x, this.attention.forward(this.inputLayernorm.forward(x), mask))
    return mx.add(h, this.mlp.forward(this.postAttentionLayernorm.forward(h)))
  }
}

/** The part of the model that one rank runs: the first takes tokens, the last gives logits. */
class PipelineStage {
  isFirst: boolean
  isLast: boolean
  tied: boolean
  firstLayer: number
  layers: PipelineTransformerBlock[] = []
  embedTokens = new EmbeddingLayer()
  norm: RMSNorm
  lmHead: LinearLayer

  constructor(config: Config, rank: number) {
    const layersPerRank = config.num_hidden_layers / config.num_ranks
    this.isFirst = rank === 0
    this.isLast = rank === config.num_ranks - 1
    this.tied = config.tie_word_embeddings
    this.firstLayer = rank * layersPerRank
    for (let i = 0; i < layersPerRank; i++) this.layers.push(new PipelineTransformerBlock(config))
    this.norm = new RMSNorm(config.rms_norm_eps)
    this.lmHead = new LinearLayer(config.quantization)
  }

  forward(x: mx.array): mx.array {
    let h = this.isFirst ? this.embedTokens.forward(x) : x
    const length = h.shape[1]
    const mask = mx.multiply(mx.subtract(1, mx.tri(length, length)), -1e9)
    for (const layer of this.layers) h = layer.forward(h, mask)
    if (!this.isLast) return h
    h = this.norm.forward(h)
    return this.tied ? this.embedTokens.asLinear(h) : this.lmHead.forward(h)
  }
}

/** Fills the stage of one rank from `rank_<n>/model.safetensors`. */
class PipelineModelLoader {
  constructor(
    private modelDir: string,
    private config: Config,
    private rank: number,
  ) {}

  load(): PipelineStage {
    // The type declarations say that load gives one array; of a safetensors file it gives all of them by name.
    const weights = mx.load(join(this.modelDir, `rank_${this.rank}`, 'model.safetensors')) as unknown as Weights
    const stage = new PipelineStage(this.config, this.rank)
    stage.layers.forEach((layer, i) => this.loadSingleLayer(weights, layer, stage.firstLayer + i))
    if (stage.isFirst || (stage.isLast && stage.tied)) this.loadEmbedding(weights, stage)
    if (stage.isLast) {
      stage.norm.weight = weights['model.norm.weight']
      if (!stage.tied) this.loadLmHead(weights, stage)
    }
    return stage
  }

  private loadSingleLayer(weights: Weights, layer: PipelineTransformerBlock, layerIdx: number) {
    const prefix = `model.layers.${layerIdx}`
    this.loadAttention(weights, layer, `${prefix}.self_attn`)
    this.loadMlp(weights, layer, `${prefix}.mlp`)
    layer.inputLayernorm.weight = weights[`${prefix}.input_layernorm.weight`]
    layer.postAttentionLayernorm.weight = weights[`${prefix}.post_attention_layernorm.weight`]
  }

  private loadAttention(weights: Weights, layer: PipelineTransformerBlock, prefix: string) {
    for (const name of ['q_proj', 'k_proj', 'v_proj', 'o_proj'] as const) {
      const wKey = `${prefix}.${name}.weight`
      const scalesKey = wKey.replace('.weight', '.scales')
      const biasesKey = wKey.replace('.weight', '.biases')
      const proj = layer.attention[name]
      if (scalesKey in weights && biasesKey in weights) {
        proj.loadQuantizedWeights(weights[wKey], weights[scalesKey], weights[biasesKey])
      } else {
        proj.loadWeights(weights[wKey])
      }
    }
  }

  private loadMlp(weights: Weights, layer: PipelineTransformerBlock, prefix: string) {
    for (const name of ['gate_proj', 'up_proj', 'down_proj'] as const) {
      const wKey = `${prefix}.${name}.weight`
      const scalesKey = wKey.replace('.weight', '.scales')
      const biasesKey = wKey.replace('.weight', '.biases')
      const proj = layer.mlp[name]
      if (scalesKey in weights && biasesKey in weights) {
        proj.loadQuantizedWeights(weights[wKey], weights[scalesKey], weights[biasesKey])
      } else {
        proj.loadWeights(weights[wKey])
      }
    }
  }

  private loadEmbedding(weights: Weights, stage: PipelineStage) {
    stage.embedTokens.loadQuantizedWeights(
      weights['model.embed_tokens.weight'],
      weights['model.embed_tokens.scales'],
      weights['model.embed_tokens.biases'],
    )
  }

  private loadLmHead(weights: Weights, stage: PipelineStage) {
    stage.lmHead.loadQuantizedWeights(weights['lm_head.weight'], weights['lm_head.scales'], weights['lm_head.biases'])
  }
}

function main() {
  // The processor's results are the same on every machine; the GPU's are not.
  mx.setDefaultDevice(mx.cpu)
  const config = JSON.parse(readFileSync(join(MODEL_DIR, 'config.json'), 'utf8')) as Config
  let x = new mx.array([[1, 42, 7, 311, 5]], mx.int32)
  for (let rank = 0; rank < config.num_ranks; rank++) {
    x = new PipelineModelLoader(MODEL_DIR, config, rank).load().forward(x)
  }
  const [tokens] = mx.argmax(x, -1).tolist() as unknown as number[][]
  console.log('argmax', JSON.stringify(tokens))
  console.log('checksum', (mx.mean(mx.abs(x)).item() as number).toFixed(4))
}

main()
