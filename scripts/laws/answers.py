"""Answers what real MLX makes of expressions: `answers.py < expressions.json`, a JSON text a line for each.

An answer is what comes out, `[2, 3] float32`, several arrays with `; ` between them, or the exception that is raised,
`! ValueError: …`. Nothing is computed: MLX decides shapes and dtypes when an operation is built.
"""

import json
import sys

import mlx.core as mx
import mlx.nn as nn

mx.set_default_device(mx.cpu)
names = {"mx": mx, "nn": nn}


def show(value):
    if isinstance(value, (list, tuple)):
        return "; ".join(show(item) for item in value) or "nothing"
    return f"{list(value.shape)} {str(value.dtype).removeprefix('mlx.core.')}"


def answer(expression):
    try:
        return show(eval(expression, names))
    except Exception as error:
        return f"! {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"


for expression in json.load(sys.stdin):
    # Some operations end the process: what was answered before is out by then.
    print(json.dumps(answer(expression)), flush=True)
