"""The list of what the worker can check: the name of the request, and the function that does it.

To add one, write its file in this folder and add its line here.
"""

from __future__ import annotations

from typing import Any, Callable

from . import dequantize

CHECKS: dict[str, Callable[[Any], Any]] = {
    "dequantize": dequantize.run,
}
