"""Loads a sharded Llama rank by rank and runs a few tokens through all of them."""

import json
from pathlib import Path

import mlx.core as mx
from transformer import PipelineStage

MODEL_DIR = Path(__file__).resolve().parent


class PipelineModelLoader:
    """Fills the stage of one rank from `rank_<n>/model.safetensors`."""

    def __init__(self, model_dir, config, rank):
        self.model_dir = model_dir
        self.config = config
        self.rank = rank

    def load(self):
        weights = mx.load(str(self.model_dir / f"rank_{self.rank}" / "model.safetensors"))
        stage = PipelineStage(self.config, self.rank)
        for i, layer in enumerate(stage.layers):
            self._load_single_layer(weights, layer, stage.first_layer + i)
        if stage.is_first or (stage.is_last and stage.tied):
            self._load_embedding(weights, stage)
        if stage.is_last:
            stage.norm.weight = weights["model.norm.weight"]
            if not stage.tied:
                self._load_lm_head(weights, stage)
        return stage

    def _load_single_layer(self, weights, layer, layer_idx):
        prefix = f"model.layers.{layer_idx}"
        self._load_attention(weights, layer, f"{prefix}.self_attn")
        self._load_mlp(weights, layer, f"{prefix}.mlp")
        layer.input_layernorm.weight = weights[f"{prefix}.input_layernorm.weight"]
        layer.post_attention_layernorm.weight = weights[f"{prefix}.post_attention_layernorm.weight"]

    def _load_attention(self, weights, layer, prefix):
        for name in ["q_proj", "k_proj", "v_proj", "o_proj"]:
            w_key = f"{prefix}.{name}.weight"
            scales_key = w_key.replace(".weight", ".scales")
            biases_key = w_key.replace(".weight", ".biases")
            proj = getattr(layer.attention, name)
            if scales_key in weights and biases_key in weights:
                proj.load_quantized_weights(weights[w_key], weights[scales_key], weights[biases_key])
            else:
                proj.load_weights(weights[w_key])

    def _load_mlp(self, weights, layer, prefix):
        for name in ["gate_proj", "up_proj", "down_proj"]:
            w_key = f"{prefix}.{name}.weight"
            scales_key = w_key.replace(".weight", ".scales")
            biases_key = w_key.replace(".weight", ".biases")
            proj = getattr(layer.mlp, name)
            if scales_key in weights and biases_key in weights:
                proj.load_quantized_weights(weights[w_key], weights[scales_key], weights[biases_key])
            else:
                proj.load_weights(weights[w_key])

    def _load_embedding(self, weights, stage):
        stage.embed_tokens.load_quantized_weights(
            weights["model.embed_tokens.weight"],
            weights["model.embed_tokens.scales"],
            weights["model.embed_tokens.biases"],
        )

    def _load_lm_head(self, weights, stage):
        stage.lm_head.load_quantized_weights(
            weights["lm_head.weight"],
            weights["lm_head.scales"],
            weights["lm_head.biases"],
        )


def main():
    # The processor's results are the same on every machine; the GPU's are not.
    mx.set_default_device(mx.cpu)
    with open(MODEL_DIR / "config.json") as f:
        config = json.load(f)
    stages = [PipelineModelLoader(MODEL_DIR, config, rank).load() for rank in range(config["num_ranks"])]
    x = mx.array([[1, 42, 7, 311, 5]])
    for stage in stages:
        x = stage(x)
    print("argmax", mx.argmax(x, axis=-1).tolist()[0])
    print(f"checksum {mx.abs(x).mean().item():.4f}")


if __name__ == "__main__":
    main()
