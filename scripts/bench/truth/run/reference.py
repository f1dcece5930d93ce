"""Opens every shard below the working directory with both readers that are in use, MLX's and the safetensors library's."""

import pathlib

import mlx.core as mx
from safetensors import safe_open

for path in sorted(pathlib.Path(".").rglob("*.safetensors")):
    mx.load(str(path))
    with safe_open(str(path), framework="np") as shard:
        shard.keys()
