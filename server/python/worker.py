"""The bundled worker: JSON-RPC 2.0 with Content-Length framing over stdin and stdout.

This file knows the protocol and nothing else. What a request does is in ``checks/`` (one file each), and only
``mlx_backend.py`` imports MLX. The real stdout is kept for the protocol: file descriptor 1 and ``sys.stdout`` are
pointed at stderr before anything else is imported, so that nothing a library prints, C code included, can end up
between two messages. No module is ever imported from the current folder or from ``PYTHONPATH`` entries that name it.
"""

from __future__ import annotations

import os
import sys

if sys.version_info < (3, 9):
    sys.exit("the worker needs Python 3.9 or newer, this is %s" % sys.version.split()[0])

HERE = os.path.dirname(os.path.realpath(__file__))


def without_current_folder(entries: list[str]) -> list[str]:
    """Returns the import path with this program's folder first, and without the folder it was started in."""
    kept = [entry for entry in entries if entry and os.path.realpath(entry) not in (HERE, os.path.realpath("."))]
    return [HERE, *kept]


sys.path[:] = without_current_folder(sys.path)
sys.dont_write_bytecode = True

# ruff: noqa: E402 - the import path has to be safe before anything is imported.
import json
import signal
import traceback
from typing import Any, BinaryIO, Callable

import checks
import mlx_backend
from trouble import BadParams

Handler = Callable[[Any], Any]

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
MLX_UNAVAILABLE = -32001

# A job is about a kilobyte; anything near this is not one of ours.
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
MAX_HEADER_LINE_BYTES = 1024


class BrokenFraming(Exception):
    """The input is not framed as agreed; where the next message would begin cannot be known."""


def initialize(_params: Any) -> dict[str, Any]:
    """Says which Python this is and which MLX it has, or why it has none."""
    answer: dict[str, Any] = {
        "python": sys.executable,
        "pythonVersion": ".".join(str(part) for part in sys.version_info[:3]),
        "mlxVersion": None,
    }
    try:
        answer["mlxVersion"] = mlx_backend.load().version
    except mlx_backend.Unavailable as trouble:
        answer["error"] = {"kind": trouble.kind, "message": str(trouble)}
    return answer


def read_message(source: BinaryIO) -> bytes | None:
    """Reads the body of the next message; None where the input ends between two messages."""
    length: int | None = None
    first = True
    while True:
        line = source.readline(MAX_HEADER_LINE_BYTES)
        if not line:
            if first:
                return None
            raise BrokenFraming("the input ends inside a header")
        first = False
        if line in (b"\r\n", b"\n"):
            break
        name, colon, value = line.partition(b":")
        if not colon or not line.endswith(b"\n"):
            raise BrokenFraming(f"not a header line: {line[:80]!r}")
        if name.strip().lower() == b"content-length":
            digits = value.strip()
            if not digits.isdigit():
                raise BrokenFraming(f"not a length: {digits[:80]!r}")
            length = int(digits)
    if length is None:
        raise BrokenFraming("a header without Content-Length")
    if length > MAX_MESSAGE_BYTES:
        raise BrokenFraming(f"a message of {length} bytes")
    body = source.read(length)
    if len(body) < length:
        raise BrokenFraming("the input ends inside a message")
    return body


def write_message(sink: BinaryIO, message: dict[str, Any]) -> None:
    """Writes one framed message. JSON has no NaN or infinity, so a handler that returns one is in error."""
    body = json.dumps(message, allow_nan=False, separators=(",", ":")).encode("utf-8")
    sink.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    sink.flush()


def answer_to(request: Any, methods: dict[str, Handler]) -> dict[str, Any] | None:
    """Runs one request and returns the response; None for a notification, which gets none."""
    if not isinstance(request, dict) or not isinstance(request.get("method"), str):
        return failure(request.get("id") if isinstance(request, dict) else None, INVALID_REQUEST, "not a request")
    name = request["method"]
    if "id" not in request:
        return None
    handler = methods.get(name)
    if handler is None:
        return failure(request["id"], METHOD_NOT_FOUND, f"unknown method: {name}")
    try:
        return {"jsonrpc": "2.0", "id": request["id"], "result": handler(request.get("params"))}
    except BadParams as trouble:
        return failure(request["id"], INVALID_PARAMS, str(trouble))
    except mlx_backend.Unavailable as trouble:
        return failure(request["id"], MLX_UNAVAILABLE, str(trouble))
    except Exception as trouble:  # Our bug: the client is told, the trace goes to the log, the next request is served.
        traceback.print_exc(file=sys.stderr)
        return failure(request["id"], INTERNAL_ERROR, f"{type(trouble).__name__}: {trouble}")


def failure(identity: Any, code: int, message: str) -> dict[str, Any]:
    """Builds an error response."""
    return {"jsonrpc": "2.0", "id": identity, "error": {"code": code, "message": message}}


def serve(source: BinaryIO, sink: BinaryIO) -> int:
    """Answers requests, one at a time, until ``shutdown`` or the end of the input; returns the exit code."""
    finished = False

    def shutdown(_params: Any) -> None:
        nonlocal finished
        finished = True

    methods: dict[str, Handler] = {**checks.CHECKS, "initialize": initialize, "shutdown": shutdown}
    while not finished:
        try:
            body = read_message(source)
        except BrokenFraming as trouble:
            print(f"tensorlint worker: {trouble}", file=sys.stderr)
            return 2
        if body is None:
            return 0
        try:
            request = json.loads(body)
        except ValueError as trouble:
            response: dict[str, Any] | None = failure(None, PARSE_ERROR, f"not JSON: {trouble}")
        else:
            response = answer_to(request, methods)
        if response is None:
            continue
        try:
            write_message(sink, response)
        except ValueError as trouble:
            write_message(sink, failure(response.get("id"), INTERNAL_ERROR, f"result is not JSON: {trouble}"))
    return 0


def take_stdio() -> tuple[BinaryIO, BinaryIO]:
    """Keeps stdin and stdout for the protocol, and leaves an empty input and stderr in their places."""
    source = os.fdopen(os.dup(0), "rb")
    sink = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return source, sink


def main() -> int:
    """Serves the process's own stdin and stdout."""
    # Ctrl-C in a terminal reaches this process too; it should end without a trace on the user's screen.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    source, sink = take_stdio()
    try:
        return serve(source, sink)
    except BrokenPipeError:
        return 0  # Whoever asked is gone.


if __name__ == "__main__":
    sys.exit(main())
