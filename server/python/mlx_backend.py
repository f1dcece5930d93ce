"""The only file that imports MLX, and it does so when first asked.

It turns bytes into arrays, applies what a loader does to them, runs the real ``mx.dequantize`` and describes the
result. Everything is computed on ``mx.cpu``, whose results are the same on every machine. NumPy is not needed.
"""

from __future__ import annotations

import hashlib
import math
import time
from typing import Any

from trouble import Refusal

# Safetensors dtype -> the attribute of mlx.core that mx.load gives (MLX 0.32: the two FP8 kinds it reads become raw
# bytes). The rest mx.load refuses with the text in `array`.
DTYPES = {
    "BOOL": "bool_",
    "U8": "uint8",
    "I8": "int8",
    "U16": "uint16",
    "I16": "int16",
    "U32": "uint32",
    "I32": "int32",
    "U64": "uint64",
    "I64": "int64",
    "F16": "float16",
    "BF16": "bfloat16",
    "F32": "float32",
    "C64": "complex64",
    "F8_E4M3": "uint8",
    "F8_E8M0": "uint8",
}

# What every release since 0.16 has; without one of these the job cannot be done.
NEEDED = ("cpu", "set_default_device", "array", "eval", "dequantize", "isnan", "isinf", "transpose")

# Statistics are taken piece by piece: the decoded matrix is the only thing of its own size that is held.
PIECE_ELEMENTS = 1 << 22

MLX_ERRORS = (ValueError, RuntimeError, TypeError, IndexError, OverflowError, MemoryError)


class Unavailable(Exception):
    """MLX cannot be used from this interpreter. ``kind``: missing (not installed), broken, too-old."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Backend:
    """A loaded MLX."""

    def __init__(self, mx: Any, version: str) -> None:
        self.mx = mx
        self.version = version

    def array(self, content: bytearray, dtype: str, shape: list[int]) -> Any:
        """Builds an array from row-major little-endian bytes; ``dtype`` by its safetensors name."""
        mx = self.mx
        name = DTYPES.get(dtype)
        if name is None:
            raise Refusal(f"[safetensor] unsupported dtype {dtype}")
        kind = getattr(mx, name)
        if math.prod(shape) * kind.size != len(content):
            raise Refusal(f"{dtype} {shape} needs {math.prod(shape) * kind.size} bytes, stored are {len(content)}")
        try:
            if not content:
                return mx.zeros(shape, dtype=kind)
            return mx.array(memoryview(content)).view(kind).reshape(shape)
        except MLX_ERRORS as trouble:
            raise Refusal(text_of(trouble)) from trouble

    def apply(self, array: Any, ops: list[dict[str, Any]]) -> Any:
        """Does to an array what the loader does; the views stay views, as in the loader."""
        mx = self.mx
        try:
            for op in ops:
                if op["op"] == "transpose":
                    array = mx.transpose(array, op["axes"])
                elif op["op"] == "slice":
                    array = array[(slice(None),) * op["axis"] + (slice(op["start"], op["stop"]),)]
                elif op["op"] == "reshape":
                    array = mx.reshape(array, op["shape"])
                elif hasattr(mx, "contiguous"):
                    array = mx.contiguous(array)
            return array
        except MLX_ERRORS as trouble:
            raise Refusal(text_of(trouble)) from trouble

    def dequantize(
        self, weight: Any, scales: Any, biases: Any | None, group_size: int, bits: int, mode: str
    ) -> tuple[Any, float]:
        """Runs ``mx.dequantize``; returns the evaluated matrix and the milliseconds of that call alone."""
        mx = self.mx
        try:
            mx.eval(*(array for array in (weight, scales, biases) if array is not None))
            begun = time.perf_counter()
            # MLX before 0.29 has no `mode`, and means affine.
            named = {} if mode == "affine" else {"mode": mode}
            matrix = mx.dequantize(weight, scales, biases, group_size=group_size, bits=bits, **named)
            mx.eval(matrix)
            return matrix, (time.perf_counter() - begun) * 1000
        except TypeError as trouble:
            # The binding's own text is a listing of signatures; what was given says more.
            given = f"group_size={group_size}, bits={bits}, mode={mode!r}"
            if biases is None:
                given += " without biases"
            raise Refusal(f"MLX {self.version} does not take {given}") from trouble
        except MLX_ERRORS as trouble:
            raise Refusal(text_of(trouble)) from trouble

    def describe(self, matrix: Any) -> dict[str, Any]:
        """Returns shape, dtype, hash and value summary of an evaluated matrix.

        NaN is left out of min, max and mean. Infinities take part in all three; a value that is then not finite is
        None, since JSON cannot say it and ``inf`` already counts it.
        """
        mx = self.mx
        flat = mx.reshape(matrix, (-1,))
        # NaN and infinity are counted in the matrix's own dtype, sums are taken in double precision.
        wide = getattr(mx, "float64", mx.float32)
        digest = hashlib.sha256()
        low, high, sums, nan, inf = math.inf, -math.inf, [], 0, 0
        for begin in range(0, matrix.size, PIECE_ELEMENTS):
            piece = flat[begin : begin + PIECE_ELEMENTS]
            digest.update(memoryview(piece.view(mx.uint8)))
            is_nan = mx.isnan(piece)
            nan += int(mx.sum(is_nan).item())
            inf += int(mx.sum(mx.isinf(piece)).item())
            low = min(low, mx.min(mx.where(is_nan, mx.array(math.inf, dtype=piece.dtype), piece)).item())
            high = max(high, mx.max(mx.where(is_nan, mx.array(-math.inf, dtype=piece.dtype), piece)).item())
            sums.append(mx.sum(mx.where(is_nan, mx.array(0, dtype=piece.dtype), piece).astype(wide)).item())
        counted = matrix.size - nan
        return {
            "shape": list(matrix.shape),
            "dtype": str(matrix.dtype).rsplit(".", 1)[-1],
            "sha256": digest.hexdigest(),
            "min": finite(low) if counted else None,
            "max": finite(high) if counted else None,
            "mean": finite(total(sums) / counted) if counted else None,
            "nan": nan,
            "inf": inf,
        }

    def forget(self) -> None:
        """Gives freed memory back to the system, so that the next module begins with as little as this one did."""
        clear = getattr(self.mx, "clear_cache", None)
        if clear is not None:
            clear()


def total(sums: list[float]) -> float:
    """Adds up; infinities of both signs, which ``fsum`` refuses, give NaN."""
    return math.fsum(sums) if all(math.isfinite(part) for part in sums) else sum(sums)


def finite(number: float) -> float | None:
    """Returns the number where JSON can say it."""
    return float(number) if math.isfinite(number) else None


def text_of(trouble: BaseException) -> str:
    """Returns MLX's own words; of a binding's signature listing only the first line."""
    text = str(trouble) or type(trouble).__name__
    return text.split("\n", 1)[0] if isinstance(trouble, TypeError) else text


_loaded: Backend | None = None


def load() -> Backend:
    """Imports MLX once and returns it; raises ``Unavailable`` where it cannot be used."""
    global _loaded
    if _loaded is not None:
        return _loaded
    try:
        import mlx.core as mx
    except ModuleNotFoundError as trouble:
        kind = "missing" if trouble.name in ("mlx", "mlx.core") else "broken"
        raise Unavailable(kind, str(trouble)) from trouble
    except Exception as trouble:  # A library that fails to load says so in many ways.
        raise Unavailable("broken", str(trouble) or type(trouble).__name__) from trouble
    version = str(getattr(mx, "__version__", "unknown"))
    lacking = [name for name in NEEDED if not hasattr(mx, name)]
    if not lacking and not hasattr(mx.array, "view"):
        lacking = ["array.view"]
    if lacking:
        raise Unavailable("too-old", f"MLX {version} has no {', '.join(lacking)}")
    mx.set_default_device(mx.cpu)
    _loaded = Backend(mx, version)
    return _loaded
