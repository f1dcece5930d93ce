// The classes of the loader's layers: what loader.ts fills and what runs, in the variant's linear layers.

import type { DeepSeekVariant } from './deepseek'

/** The text of the classes. */
export function layers(variant: DeepSeekVariant): string {
  const linear =
    variant === 'mlx4'
      ? `class Linear:
    """y = x W^T with packed weights."""

    def __init__(self, args):
        self.group_size = args.group_size
        self.bits = args.bits
        self.weight = None
        self.scales = None
        self.biases = None

    def load(self, weight, scales, biases):
        self.weight = weight
        self.scales = scales
        self.biases = biases

    def __call__(self, x):
        return mx.quantized_matmul(
            x,
            self.weight,
            scales=self.scales,
            biases=self.biases,
            transpose=True,
            group_size=self.group_size,
            bits=self.bits,
        )
`
      : `class Linear:
    """y = x W^T with codes of eight bits and a scale for each block."""

    def __init__(self, args):
        self.weight = None
        self.scale_inv = None

    def load(self, weight, scale_inv):
        self.weight = weight
        self.scale_inv = scale_inv

    def decoded(self):
        weight = mx.from_fp8(self.weight, dtype=mx.bfloat16)
        rows, columns = weight.shape
        blocks = mx.repeat(mx.repeat(self.scale_inv, 128, axis=0), 128, axis=1)
        return weight * blocks[:rows, :columns]

    def __call__(self, x):
        return x @ self.decoded().T
`
  return `${linear}

class Embedding:
    def __init__(self, args):
        self.group_size = args.group_size
        self.bits = args.bits
        self.weight = None
        self.scales = None
        self.biases = None

    def __call__(self, tokens):
        if self.scales is None:
            return self.weight[tokens]
        return mx.dequantize(
            self.weight[tokens],
            self.scales[tokens],
            self.biases[tokens],
            group_size=self.group_size,
            bits=${variant === 'mlx4' ? 8 : 'self.bits'},
        )


class RMSNorm:
    def __init__(self, eps=1e-6):
        self.eps = eps
        self.weight = None

    def __call__(self, x):
        return mx.fast.rms_norm(x, self.weight, self.eps)


class LatentAttention:
    def __init__(self, args):
        self.n_heads = args.num_attention_heads
        self.nope_dim = args.qk_nope_head_dim
        self.rope_dim = args.qk_rope_head_dim
        self.v_dim = args.v_head_dim
        self.kv_lora_rank = args.kv_lora_rank
        self.scale = 1 / math.sqrt(self.nope_dim + self.rope_dim)
        self.q_a_proj = Linear(args)
        self.q_a_layernorm = RMSNorm()
        self.q_b_proj = Linear(args)
        self.kv_a_proj_with_mqa = Linear(args)
        self.kv_a_layernorm = RMSNorm()
        self.kv_b_proj = Linear(args)
        self.o_proj = Linear(args)

    def __call__(self, x, mask):
        batch, length, _ = x.shape
        q = self.q_b_proj(self.q_a_layernorm(self.q_a_proj(x)))
        q = q.reshape(batch, length, self.n_heads, -1).transpose(0, 2, 1, 3)
        q_nope, q_pe = mx.split(q, [self.nope_dim], axis=-1)
        compressed = self.kv_a_proj_with_mqa(x)
        compressed, k_pe = mx.split(compressed, [self.kv_lora_rank], axis=-1)
        k_pe = k_pe.reshape(batch, length, 1, self.rope_dim).transpose(0, 2, 1, 3)
        kv = self.kv_b_proj(self.kv_a_layernorm(compressed))
        kv = kv.reshape(batch, length, self.n_heads, -1).transpose(0, 2, 1, 3)
        k_nope, values = mx.split(kv, [self.nope_dim], axis=-1)
        q_pe = mx.fast.rope(q_pe, self.rope_dim, traditional=True, base=10000.0, scale=1.0, offset=0)
        k_pe = mx.fast.rope(k_pe, self.rope_dim, traditional=True, base=10000.0, scale=1.0, offset=0)
        k_pe = mx.repeat(k_pe, self.n_heads, axis=1)
        keys = mx.concatenate([k_nope, k_pe], axis=-1)
        queries = mx.concatenate([q_nope, q_pe], axis=-1)
        scores = (queries * self.scale) @ keys.transpose(0, 1, 3, 2)
        attended = mx.softmax(scores + mask, axis=-1) @ values
        return self.o_proj(attended.transpose(0, 2, 1, 3).reshape(batch, length, -1))


class FeedForward:
    def __init__(self, args):
        self.gate_proj = Linear(args)
        self.up_proj = Linear(args)
        self.down_proj = Linear(args)

    def __call__(self, x):
        gate = self.gate_proj(x)
        return self.down_proj(gate * mx.sigmoid(gate) * self.up_proj(x))


class MixtureOfExperts:
    def __init__(self, args):
        self.top_k = args.num_experts_per_tok
        self.gate_weight = None
        self.correction = None
        self.shared_experts = FeedForward(args)
        self.experts = [FeedForward(args) for _ in range(args.n_routed_experts)]

    def __call__(self, x):
        scores = mx.sigmoid(x @ self.gate_weight.T)
        chosen = mx.argpartition(-(scores + self.correction), kth=self.top_k - 1, axis=-1)[..., : self.top_k]
        out = self.shared_experts(x)
        for position in range(self.top_k):
            expert = self.experts[chosen[0, 0, position].item()]
            out = out + expert(x) * scores[..., position : position + 1]
        return out


class DecoderLayer:
    def __init__(self, args, layer_idx):
        self.layer_idx = layer_idx
        self.self_attn = LatentAttention(args)
        self.mlp = FeedForward(args) if layer_idx < args.first_k_dense_replace else MixtureOfExperts(args)
        self.input_layernorm = RMSNorm()
        self.post_attention_layernorm = RMSNorm()

    def __call__(self, x, mask):
        x = x + self.self_attn(self.input_layernorm(x), mask)
        return x + self.mlp(self.post_attention_layernorm(x))


class DeepSeek:
    def __init__(self, args):
        self.args = args
        self.embed_tokens = Embedding(args)
        self.layers = [DecoderLayer(args, i) for i in range(args.num_hidden_layers)]
        self.norm = RMSNorm()
        self.lm_head = Linear(args)

    def __call__(self, tokens):
        x = self.embed_tokens(tokens)
        length = x.shape[1]
        mask = (1 - mx.tri(length)) * -1e9
        for layer in self.layers:
            x = layer(x, mask)
        return self.lm_head(self.norm(x))

`
}
