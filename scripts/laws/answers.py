"""Answers what Python and real MLX make of expressions: `answers.py < expressions.json`, a JSON text a line for each.

An answer is what comes out, `[2, 3] float32` for an array, `a; b` for several, a text or a number as JSON has it, or the
exception that is raised, `! ValueError: …`. MLX decides shapes and dtypes when an operation is built; nothing is computed.
"""

import argparse
import collections
import contextlib
import copy
import dataclasses
import functools
import itertools
import json
import math
import operator
import os
import pathlib
import re
import sys
import types

import mlx.core as mx
import mlx.nn as nn
import numpy as np

mx.set_default_device(mx.cpu)
names = globals().copy()


def show(value):
    if isinstance(value, (mx.array, np.ndarray, np.generic)):
        return f"{list(value.shape)} {str(value.dtype).removeprefix('mlx.core.')}"
    if value is None or isinstance(value, (bool, int, float, str)):
        return json.dumps(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return "; ".join(show(item) for item in value) or "nothing"
    if isinstance(value, dict):
        return "; ".join(f"{key}: {show(item)}" for key, item in value.items()) or "nothing"
    if isinstance(value, os.PathLike):
        return json.dumps(str(value))
    return type(value).__name__


def answer(expression):
    try:
        return show(eval(expression, names))
    except Exception as error:
        return f"! {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"


for expression in json.load(sys.stdin):
    # Some operations end the process: what was answered before is out by then.
    print(json.dumps(answer(expression)), flush=True)
