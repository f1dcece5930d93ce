"""Runs ``mx.dequantize`` on one module as it is delivered: a DequantizeJob in, a DequantizeResult out (protocol.ts)."""

from __future__ import annotations

import time
from typing import Any, TypedDict

import mlx_backend
from safetensors_range import read_range
from trouble import BadParams, Refusal


class DeliveredTensor(TypedDict):
    """One stored tensor and what the loader does to it; offsets are bytes from the start of the file."""

    name: str
    path: str
    dtype: str
    shape: list[int]
    beginBytes: int
    endBytes: int
    ops: list[dict[str, Any]]


class DequantizeResult(TypedDict):
    """The outcome; numbers that do not exist are None."""

    status: str
    error: str | None
    shape: list[int] | None
    dtype: str | None
    sha256: str | None
    min: float | None
    max: float | None
    mean: float | None
    nan: int | None
    inf: int | None
    ms: float


OP_FIELDS: dict[str, tuple[str, ...]] = {
    "transpose": ("axes",),
    "slice": ("axis", "start", "stop"),
    "reshape": ("shape",),
    "contiguous": (),
}
LIST_FIELDS = ("axes", "shape")


def run(params: Any) -> DequantizeResult:
    """Delivers the tensors of one module and dequantizes them; what MLX objects to is the result's ``error``."""
    if not isinstance(params, dict):
        raise BadParams("dequantize wants an object")
    weight = tensor(params.get("weight"), "weight")
    scales = tensor(params.get("scales"), "scales")
    biases = tensor(params["biases"], "biases") if params.get("biases") is not None else None
    group_size = whole(params.get("groupSize"), "groupSize")
    bits = whole(params.get("bits"), "bits")
    mode = text(params.get("mode"), "mode")
    backend = mlx_backend.load()
    begun = time.perf_counter()
    try:
        matrix, ms = backend.dequantize(
            deliver(backend, weight),
            deliver(backend, scales),
            deliver(backend, biases) if biases is not None else None,
            group_size,
            bits,
            mode,
        )
        return {"status": "ok", "error": None, **backend.describe(matrix), "ms": ms}  # type: ignore[typeddict-item]
    except Refusal as refusal:
        return {
            "status": "error",
            "error": str(refusal),
            "shape": None,
            "dtype": None,
            "sha256": None,
            "min": None,
            "max": None,
            "mean": None,
            "nan": None,
            "inf": None,
            "ms": (time.perf_counter() - begun) * 1000,
        }
    finally:
        matrix = None
        backend.forget()


def deliver(backend: mlx_backend.Backend, stored: DeliveredTensor) -> Any:
    """Reads one tensor's bytes and hands it on as the loader does."""
    content = read_range(stored["path"], stored["beginBytes"], stored["endBytes"])
    return backend.apply(backend.array(content, stored["dtype"], stored["shape"]), stored["ops"])


def tensor(value: Any, where: str) -> DeliveredTensor:
    """Checks one delivered tensor of the request."""
    if not isinstance(value, dict):
        raise BadParams(f"{where} is not an object")
    ops = value.get("ops")
    if not isinstance(ops, list):
        raise BadParams(f"{where}.ops is not a list")
    for op in ops:
        fields = OP_FIELDS.get(op.get("op")) if isinstance(op, dict) and isinstance(op.get("op"), str) else None
        if fields is None:
            raise BadParams(f"{where}.ops has an operation that is not known")
        for field in fields:
            (wholes if field in LIST_FIELDS else whole)(op.get(field), f"{where}.ops.{field}")
    begin = whole(value.get("beginBytes"), f"{where}.beginBytes")
    end = whole(value.get("endBytes"), f"{where}.endBytes")
    shape = wholes(value.get("shape"), f"{where}.shape")
    if not 0 <= begin <= end or any(length < 0 for length in shape):
        raise BadParams(f"{where} has a negative length")
    return {
        "name": text(value.get("name"), f"{where}.name"),
        "path": text(value.get("path"), f"{where}.path"),
        "dtype": text(value.get("dtype"), f"{where}.dtype"),
        "shape": shape,
        "beginBytes": begin,
        "endBytes": end,
        "ops": ops,
    }


def text(value: Any, where: str) -> str:
    """Checks a string of the request."""
    if not isinstance(value, str):
        raise BadParams(f"{where} is not a string")
    return value


def whole(value: Any, where: str) -> int:
    """Checks a whole number of the request."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadParams(f"{where} is not a whole number")
    return value


def wholes(value: Any, where: str) -> list[int]:
    """Checks a list of whole numbers of the request."""
    if not isinstance(value, list):
        raise BadParams(f"{where} is not a list")
    return [whole(part, where) for part in value]
