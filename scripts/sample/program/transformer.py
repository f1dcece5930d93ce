"""A Llama, cut into pipeline stages: each rank holds some of the layers."""

import mlx.core as mx


class LinearLayer:
    """y = x W^T, with W either plain or quantized."""

    def __init__(self, quantization):
        self.group_size = quantization["group_size"]
        self.bits = quantization["bits"]
        self.weight = None
        self.scales = None
        self.biases = None

    def load_weights(self, weight):
        self.weight = weight

    def load_quantized_weights(self, weight, scales, biases):
        self.weight = weight
        self.scales = scales
        self.biases = biases

    def __call__(self, x):
        if self.scales is None:
            return x @ self.weight.T
        return x @ mx.dequantize(
            self.weight, self.scales, self.biases, group_size=self.group_size, bits=self.bits
        ).T


class EmbeddingLayer:
    """Token embeddings, which also serve as the head of a model that ties the two."""

    def __init__(self, group_size=64, bits=4):
        self.group_size = group_size
        self.bits = bits

    def load_quantized_weights(self, weight, scales, biases):
        self.weight = weight
        self.scales = scales
        self.biases = biases

    def __call__(self, tokens):
        rows = mx.dequantize(
            self.weight[tokens],
            self.scales[tokens],
            self.biases[tokens],
            group_size=self.group_size,
            bits=self.bits,
        )
        return rows.astype(mx.float32)

    def as_linear(self, x):
        return x @ mx.dequantize(
            self.weight, self.scales, self.biases, group_size=self.group_size, bits=self.bits
        ).T


class RMSNorm:
    def __init__(self, eps):
        self.eps = eps
        self.weight = None

    def __call__(self, x):
        return mx.fast.rms_norm(x, self.weight.astype(mx.float32), self.eps)


class PipelineAttention:
    """Grouped-query attention: several query heads share one key and value head."""

    def __init__(self, config):
        self.n_heads = config["num_attention_heads"]
        self.n_kv_heads = config["num_key_value_heads"]
        self.head_dim = config["hidden_size"] // self.n_heads
        self.rope_theta = config["rope_theta"]
        self.q_proj = LinearLayer(config["quantization"])
        self.k_proj = LinearLayer(config["quantization"])
        self.v_proj = LinearLayer(config["quantization"])
        self.o_proj = LinearLayer(config["quantization"])

    def rope(self, x):
        return mx.fast.rope(
            x, self.head_dim, traditional=False, base=self.rope_theta, scale=1.0, offset=0
        )

    def __call__(self, x, mask):
        batch, length, _ = x.shape
        queries = self.q_proj(x).reshape(batch, length, self.n_heads, self.head_dim)
        keys = self.k_proj(x).reshape(batch, length, self.n_kv_heads, self.head_dim)
        values = self.v_proj(x).reshape(batch, length, self.n_kv_heads, self.head_dim)

        queries = self.rope(queries.transpose(0, 2, 1, 3))
        keys = self.rope(keys.transpose(0, 2, 1, 3))
        values = values.transpose(0, 2, 1, 3)
        keys = mx.repeat(keys, self.n_heads // self.n_kv_heads, axis=1)
        values = mx.repeat(values, self.n_heads // self.n_kv_heads, axis=1)

        scores = (queries * self.head_dim**-0.5) @ keys.transpose(0, 1, 3, 2)
        attended = mx.softmax(scores + mask, axis=-1) @ values
        return self.o_proj(attended.transpose(0, 2, 1, 3).reshape(batch, length, -1))


class PipelineMLP:
    def __init__(self, config):
        self.gate_proj = LinearLayer(config["quantization"])
        self.up_proj = LinearLayer(config["quantization"])
        self.down_proj = LinearLayer(config["quantization"])

    def __call__(self, x):
        gate = self.gate_proj(x)
        return self.down_proj(gate * mx.sigmoid(gate) * self.up_proj(x))


class PipelineTransformerBlock:
    def __init__(self, config):
        self.attention = PipelineAttention(config)
        self.mlp = PipelineMLP(config)
        self.input_layernorm = RMSNorm(config["rms_norm_eps"])
        self.post_attention_layernorm = RMSNorm(config["rms_norm_eps"])

    def __call__(self, x, mask):
        x = x + self.attention(self.input_layernorm(x), mask)
        return x + self.mlp(self.post_attention_layernorm(x))


class PipelineStage:
    """The part of the model that one rank runs: the first takes tokens, the last gives logits."""

    def __init__(self, config, rank):
        self.is_first = rank == 0
        self.is_last = rank == config["num_ranks"] - 1
        self.tied = config["tie_word_embeddings"]
        layers_per_rank = config["num_hidden_layers"] // config["num_ranks"]
        self.first_layer = rank * layers_per_rank
        self.layers = [PipelineTransformerBlock(config) for _ in range(layers_per_rank)]
        self.embed_tokens = EmbeddingLayer()
        self.norm = RMSNorm(config["rms_norm_eps"])
        self.lm_head = LinearLayer(config["quantization"])

    def __call__(self, x):
        if self.is_first:
            x = self.embed_tokens(x)
        length = x.shape[1]
        mask = (1 - mx.tri(length)) * -1e9
        for layer in self.layers:
            x = layer(x, mask)
        if not self.is_last:
            return x
        x = self.norm(x)
        return self.embed_tokens.as_linear(x) if self.tied else self.lm_head(x)
