"""Runs programs under real MLX, one forked child each, and says how they ended.

One JSON object a line on stdin, {"id", "folder", "entry", "seconds", "lines"}; one a line on stdout in answer. The parent
has imported MLX but computed nothing, so that a child costs milliseconds and no thread of MLX's is lost by the fork. A
child may write below its own folder only, starts no process, opens no connection, and has limits on time and memory.
"""

import importlib
import io
import json
import os
import runpy
import select
import signal
import sys
import tempfile
import traceback

PRELOADED = ("mlx.core", "mlx.nn", "mlx.utils", "numpy", "safetensors", "safetensors.numpy", "argparse", "dataclasses")
FORBIDDEN = ("socket.connect", "socket.bind", "subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "os.fork")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
MEMORY = 8 << 30
LARGEST_FILE = 256 << 20
LONGEST_TEXT = 4000
LONGEST_OUTPUT = 200_000


def confine(folder, seconds):
    """Limits, and a hook that refuses what no loader needs."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except ImportError:
        pass
    inside = os.path.join(os.path.realpath(folder), "")

    def hook(event, args):
        if event in FORBIDDEN:
            raise PermissionError(f"{event} is not allowed here")
        if event == "open" and isinstance(args[0], (str, bytes)):
            flags = args[2] if isinstance(args[2], int) else 0
            path = os.fsdecode(args[0])
            if flags & WRITING and path != os.devnull and not os.path.realpath(path).startswith(inside):
                raise PermissionError(f"{path} is outside of the workspace")

    sys.addaudithook(hook)


def frames_of(error, folder):
    """Places in the workspace of an exception and of those that led to it, innermost first."""
    frames, seen = [], set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            path = os.path.relpath(os.path.realpath(frame.filename), folder)
            if not path.startswith(".."):
                frames.append({"path": path.replace(os.sep, "/"), "line": frame.lineno})
        error = error.__cause__ or error.__context__
    return frames


def follow(folder, reached):
    """Notes every line of the workspace that is executed."""

    def local(frame, event, _):
        if event == "line":
            reached.add((frame.f_code.co_filename, frame.f_lineno))
        return local

    def start(frame, event, _):
        name = frame.f_code.co_filename
        if not name.startswith(folder):
            return None
        reached.add((name, frame.f_lineno))
        return local

    sys.settrace(start)


def run(job):
    """Runs a job in this process."""
    folder = os.path.realpath(job["folder"])
    os.chdir(folder)
    entry = os.path.join(folder, job["entry"])
    sys.path[0] = os.path.dirname(entry)
    sys.argv = [job["entry"]]
    sys.dont_write_bytecode = True
    tempfile.tempdir = os.path.join(folder, ".tmp")
    os.makedirs(tempfile.tempdir, exist_ok=True)
    confine(folder, job["seconds"])
    stdout, stderr = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = io.StringIO(), io.StringIO()
    reached = set()
    if job["lines"]:
        follow(folder, reached)
    result = {"status": "ok"}
    try:
        runpy.run_path(entry, run_name="__main__")
    except SystemExit as error:
        if error.code not in (None, 0):
            cause = error.__cause__ or error.__context__
            told = error.code if isinstance(error.code, str) else sys.stderr.getvalue()
            text = f"{told}\n{cause or ''}" if not isinstance(cause, type(None)) else str(told)
            result = {"status": "raised", "type": "SystemExit", "text": text.strip()}
            result["frames"] = frames_of(error, folder)
    except BaseException as error:
        result = {"status": "raised", "type": type(error).__name__, "text": str(error)}
        result["frames"] = frames_of(error, folder)
    finally:
        sys.settrace(None)
    result["text"] = result.get("text", "")[:LONGEST_TEXT]
    result["output"] = sys.stdout.getvalue()[:LONGEST_OUTPUT]
    if job["lines"]:
        result["lines"] = [[os.path.relpath(path, folder).replace(os.sep, "/"), line] for path, line in sorted(reached)]
    sys.stdout, sys.stderr = stdout, stderr
    return result


def run_forked(job):
    """Runs a job in a child; a child that ends without a word was aborted."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reader)
            quiet = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(quiet, descriptor)
            answer = json.dumps(run(job)).encode()
            with os.fdopen(writer, "wb") as pipe:
                pipe.write(answer)
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    answer, timed_out = b"", False
    while True:
        ready, _, _ = select.select([reader], [], [], job["seconds"])
        if not ready:
            timed_out = True
            os.kill(child, signal.SIGKILL)
            break
        piece = os.read(reader, 1 << 16)
        if not piece:
            break
        answer += piece
    os.close(reader)
    _, status = os.waitpid(child, 0)
    if timed_out:
        return {"status": "timeout"}
    if os.WIFSIGNALED(status) or not answer:
        return {"status": "aborted", "text": f"wait status {status}"}
    return json.loads(answer)


def main():
    """Answers jobs until stdin ends."""
    for name in PRELOADED:
        importlib.import_module(name)
    for line in sys.stdin:
        job = json.loads(line)
        print(json.dumps({"id": job["id"], **run_forked(job)}), flush=True)


main()
