// A loader of 1,000 lines for the DeepSeek checkpoint, as a person writes one: classes for the layers, a class that
// loads them, a method for each part, loops over layers, experts and projections with f-strings for keys.
// The variant decides what a linear layer is made of: MLX's weight, scales and biases, or FP8 codes with block scales.

import type { DeepSeekVariant } from './deepseek'
import { layers } from './loaderLayers'

const lines = 1000
const projections = ['q_a_proj', 'q_b_proj', 'kv_a_proj_with_mqa', 'kv_b_proj', 'o_proj']

/** The program's text; it reads the checkpoint in the folder `model` beside it. */
export function deepSeekLoader(variant: DeepSeekVariant): string {
  const parts = [head, layers(variant), ...projections.map(projection), loader(variant), reports(), tail]
  const text = parts.join('\n')
  const missing = lines - text.split('\n').length
  if (missing < 0) throw new Error(`the loader has ${lines - missing} lines`)
  // What is left is what long files are full of: small helpers of no interest here.
  const helpers: string[] = []
  for (let i = 0; helpers.length + 6 <= missing; i++)
    helpers.push('', '', `def describe_step_${i}(step, total):`, `    share = step / max(1, total)`) &&
      helpers.push(`    text = f"step {step} of {total} ({share:.0%})"`, `    return text + " " * ${i % 7}`)
  while (helpers.length < missing) helpers.push('')
  return text.replace('\n# helpers\n', `\n# helpers${helpers.map(line => `\n${line}`).join('')}\n`)
}

const head = `"""Loads DeepSeek-V3 and runs it on one machine, expert by expert."""

import argparse
import json
import math
import time
from dataclasses import dataclass
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn

MODEL_DIR = Path(__file__).resolve().parent / "model"


@dataclass
class ModelArgs:
    hidden_size: int
    intermediate_size: int
    moe_intermediate_size: int
    vocab_size: int
    num_hidden_layers: int
    first_k_dense_replace: int
    n_routed_experts: int
    num_experts_per_tok: int
    num_attention_heads: int
    q_lora_rank: int
    kv_lora_rank: int
    qk_nope_head_dim: int
    qk_rope_head_dim: int
    v_head_dim: int
    group_size: int = 64
    bits: int = 4

    @classmethod
    def from_config(cls, config):
        quantization = config.get("quantization", {})
        return cls(
            hidden_size=config["hidden_size"],
            intermediate_size=config["intermediate_size"],
            moe_intermediate_size=config["moe_intermediate_size"],
            vocab_size=config["vocab_size"],
            num_hidden_layers=config["num_hidden_layers"],
            first_k_dense_replace=config["first_k_dense_replace"],
            n_routed_experts=config["n_routed_experts"],
            num_experts_per_tok=config["num_experts_per_tok"],
            num_attention_heads=config["num_attention_heads"],
            q_lora_rank=config["q_lora_rank"],
            kv_lora_rank=config["kv_lora_rank"],
            qk_nope_head_dim=config["qk_nope_head_dim"],
            qk_rope_head_dim=config["qk_rope_head_dim"],
            v_head_dim=config["v_head_dim"],
            group_size=quantization.get("group_size", 64),
            bits=quantization.get("bits", 4),
        )


# helpers


def read_config(model_dir):
    with open(model_dir / "config.json") as f:
        return json.load(f)


def load_shards(model_dir):
    weights = {}
    for file in sorted(model_dir.glob("*.safetensors")):
        weights.update(mx.load(str(file)))
    return weights

`

/** One of the small methods that such a file has for every part. */
function projection(name: string): string {
  return `
def check_${name}(weights, layer_idx, expected_rows):
    key = f"model.layers.{layer_idx}.self_attn.${name}.weight"
    if key not in weights:
        raise KeyError(f"layer {layer_idx} has no ${name}")
    rows = weights[key].shape[0]
    if rows != expected_rows:
        raise ValueError(f"${name} of layer {layer_idx} has {rows} rows instead of {expected_rows}")
    return rows

`
}

function loader(variant: DeepSeekVariant): string {
  const triple = variant === 'mlx4'
  const load = (indent: string, target: string, prefix: string): string =>
    (triple
      ? [
          `w_key = f"${prefix}.weight"`,
          'scales_key = w_key.replace(".weight", ".scales")',
          'biases_key = w_key.replace(".weight", ".biases")',
          `${target}.load(weights[w_key], weights[scales_key], weights[biases_key])`,
        ]
      : [
          `w_key = f"${prefix}.weight"`,
          'scale_key = w_key.replace(".weight", ".weight_scale_inv")',
          `${target}.load(weights[w_key], weights[scale_key])`,
        ]
    )
      .map(line => indent + line)
      .join('\n')
  return `
class DeepSeekLoader:
    """Fills a model from the shards, layer by layer."""

    def __init__(self, model_dir, args):
        self.model_dir = model_dir
        self.args = args

    def load(self):
        weights = load_shards(self.model_dir)
        model = DeepSeek(self.args)
        self._load_embedding(weights, model)
        for layer_idx, layer in enumerate(model.layers):
            self._load_layer(weights, layer, layer_idx)
        model.norm.weight = weights["model.norm.weight"]
        self._load_head(weights, model)
        return model

    def _load_embedding(self, weights, model):
        model.embed_tokens.weight = weights["model.embed_tokens.weight"]
${
  triple
    ? `        model.embed_tokens.scales = weights["model.embed_tokens.scales"]
        model.embed_tokens.biases = weights["model.embed_tokens.biases"]
`
    : ''
}
    def _load_head(self, weights, model):
${
  triple
    ? `        model.lm_head.load(weights["lm_head.weight"], weights["lm_head.scales"], weights["lm_head.biases"])`
    : `        model.lm_head.weight = weights["lm_head.weight"]`
}

    def _load_layer(self, weights, layer, layer_idx):
        prefix = f"model.layers.{layer_idx}"
        self._load_attention(weights, layer.self_attn, f"{prefix}.self_attn")
        if layer_idx < self.args.first_k_dense_replace:
            self._load_feed_forward(weights, layer.mlp, f"{prefix}.mlp")
        else:
            self._load_experts(weights, layer.mlp, f"{prefix}.mlp")
        layer.input_layernorm.weight = weights[f"{prefix}.input_layernorm.weight"]
        layer.post_attention_layernorm.weight = weights[f"{prefix}.post_attention_layernorm.weight"]

    def _load_attention(self, weights, attention, prefix):
        for name in ["q_a_proj", "q_b_proj", "kv_a_proj_with_mqa", "kv_b_proj", "o_proj"]:
            proj = getattr(attention, name)
${load('            ', 'proj', '{prefix}.{name}')}
        attention.q_a_layernorm.weight = weights[f"{prefix}.q_a_layernorm.weight"]
        attention.kv_a_layernorm.weight = weights[f"{prefix}.kv_a_layernorm.weight"]

    def _load_feed_forward(self, weights, feed_forward, prefix):
        for name in ["gate_proj", "up_proj", "down_proj"]:
            proj = getattr(feed_forward, name)
${load('            ', 'proj', '{prefix}.{name}')}

    def _load_experts(self, weights, moe, prefix):
        moe.gate_weight = weights[f"{prefix}.gate.weight"]
        moe.correction = weights[f"{prefix}.gate.e_score_correction_bias"]
        self._load_feed_forward(weights, moe.shared_experts, f"{prefix}.shared_experts")
        for e in range(self.args.n_routed_experts):
            self._load_feed_forward(weights, moe.experts[e], f"{prefix}.experts.{e}")

`
}

/** A class with a method for each part that prints what was loaded. */
function reports(): string {
  const parts = ['q_a_proj', 'q_b_proj', 'kv_b_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj']
  return `
class Report:
    """Prints what is in the checkpoint, part by part."""

    def __init__(self, weights, args):
        self.weights = weights
        self.args = args
${parts
  .map(
    part => `
    def ${part}(self):
        total = 0
        for layer_idx in range(self.args.num_hidden_layers):
            at = "${/^(gate|up|down)/.test(part) ? 'mlp.shared_experts' : 'self_attn'}"
            key = f"model.layers.{layer_idx}.{at}.${part}.weight"
            if key in self.weights:
                weight = self.weights[key]
                total += weight.size
                print(f"{key:60} {weight.dtype} {tuple(weight.shape)}")
        print(f"${part}: {total:,} elements")
        return total
`,
  )
  .join('')}
`
}

const tail = `
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tokens", type=int, default=8)
    parser.add_argument("--report", action="store_true")
    options = parser.parse_args()
    mx.set_default_device(mx.cpu)
    args = ModelArgs.from_config(read_config(MODEL_DIR))
    began = time.perf_counter()
    if options.report:
        report = Report(load_shards(MODEL_DIR), args)
        print(report.q_a_proj() + report.q_b_proj() + report.kv_b_proj() + report.o_proj())
        print(report.gate_proj() + report.up_proj() + report.down_proj())
    model = DeepSeekLoader(MODEL_DIR, args).load()
    print(f"loaded in {time.perf_counter() - began:.1f} s")
    tokens = mx.array([[0, 100, 200, 300]])
    for _ in range(options.tokens):
        logits = model(tokens)
        following = mx.argmax(logits[:, -1, :], axis=-1)
        tokens = mx.concatenate([tokens, following[:, None]], axis=1)
    print(tokens.tolist())


if __name__ == "__main__":
    main()
`
