"""Reads the bytes of one tensor out of a safetensors file, and never more than those.

The header has been read and judged by the server (server/checkpoint/), which hands over absolute offsets. What is
checked here is only that the file still holds those bytes.
"""

from __future__ import annotations

import os

from trouble import Refusal


def read_range(path: str, begin: int, end: int) -> bytearray:
    """Returns the bytes ``begin`` to ``end`` of the file; refuses where the file does not hold them all."""
    try:
        with open(path, "rb", buffering=0) as file:
            # Asked before the buffer is made, so that an offset out of a damaged header costs no memory.
            size = os.fstat(file.fileno()).st_size
            if end > size:
                raise Refusal(f"{path} ends at byte {size}, the tensor at byte {end}")
            content = bytearray(end - begin)
            file.seek(begin)
            rest = memoryview(content)
            while len(rest) > 0:
                count = file.readinto(rest)
                if not count:
                    raise Refusal(f"{path} ends at byte {end - len(rest)}, the tensor at byte {end}")
                rest = rest[count:]
            return content
    except OSError as trouble:
        raise Refusal(f"cannot read {path}: {trouble.strerror or trouble}") from trouble
