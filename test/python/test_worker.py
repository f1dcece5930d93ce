"""Drives the worker over its real protocol. What needs MLX is skipped, with the reason, where it cannot be imported.

Run with an interpreter: ``python -m unittest discover -s test/python``. Only the standard library is needed.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import struct
import subprocess
import sys
import tempfile
import unittest
from typing import Any

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
PYTHON_FOLDER = os.path.join(ROOT, "server", "python")
WORKER = os.path.join(PYTHON_FOLDER, "worker.py")

try:
    import mlx.core as mx

    WITHOUT_MLX = ""
    mx.set_default_device(mx.cpu)
except ImportError as trouble:
    mx = None
    WITHOUT_MLX = f"MLX cannot be imported here: {trouble}"

needs_mlx = unittest.skipIf(WITHOUT_MLX != "", WITHOUT_MLX)


class Worker:
    """One worker process and the client's half of the protocol."""

    def __init__(self, script: str = WORKER, cwd: str = PYTHON_FOLDER, env: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-B", "-u", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env={**os.environ, **(env or {})},
        )
        self.last_id = 0

    def send(self, body: bytes) -> None:
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def receive(self) -> Any:
        header = self.process.stdout.readline()
        if not header:
            raise EOFError(self.process.stderr.read().decode("utf-8", "replace"))
        name, _, value = header.partition(b":")
        assert name == b"Content-Length", header
        assert self.process.stdout.readline() == b"\r\n"
        return json.loads(self.process.stdout.read(int(value)))

    def ask(self, method: str, params: Any = None) -> Any:
        self.last_id += 1
        self.send(json.dumps({"jsonrpc": "2.0", "id": self.last_id, "method": method, "params": params}).encode())
        response = self.receive()
        assert response["jsonrpc"] == "2.0" and response["id"] == self.last_id, response
        return response

    def result(self, method: str, params: Any = None) -> Any:
        response = self.ask(method, params)
        assert "result" in response, response
        return response["result"]

    def close(self) -> tuple[int, str]:
        """Ends the input, waits for the end, and returns exit code and stderr."""
        self.process.stdin.close()
        stderr = self.process.stderr.read().decode("utf-8", "replace")
        code = self.process.wait(timeout=30)
        self.process.stdout.close()
        self.process.stderr.close()
        return code, stderr


class Case(unittest.TestCase):
    """A test with a folder and a worker of its own."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = os.path.realpath(folder.name)

    def start(self, **options: Any) -> Worker:
        worker = Worker(**options)

        def stop() -> None:
            if worker.process.poll() is None:
                worker.process.kill()
                worker.process.wait()
            for stream in (worker.process.stdin, worker.process.stdout, worker.process.stderr):
                try:
                    stream.close()
                except BrokenPipeError:
                    pass

        self.addCleanup(stop)
        return worker

    def path(self, name: str) -> str:
        return os.path.join(self.folder, name)

    def write(self, name: str, text: str) -> str:
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def job(
        self,
        weight: Any,
        scales: Any,
        biases: Any = None,
        *,
        group_size: int = 64,
        bits: int = 4,
        mode: str = "affine",
        ops: dict[str, list[Any]] | None = None,
    ) -> dict[str, Any]:
        """Writes the arrays into a real file, after some bytes of other tensors, and returns the job for them."""
        arrays = {"weight": weight, "scales": scales, **({} if biases is None else {"biases": biases})}
        mx.save_safetensors(self.path("model.safetensors"), {"first": mx.ones((3, 5)), **arrays})
        with open(self.path("model.safetensors"), "rb") as file:
            length = struct.unpack("<Q", file.read(8))[0]
            header = json.loads(file.read(length))
        delivered = {}
        for role in arrays:
            entry = header[role]
            begin, end = (8 + length + offset for offset in entry["data_offsets"])
            delivered[role] = {
                "name": f"proj.{role}",
                "path": self.path("model.safetensors"),
                "dtype": entry["dtype"],
                "shape": entry["shape"],
                "beginBytes": begin,
                "endBytes": end,
                "ops": (ops or {}).get(role, []),
            }
        return {**delivered, "groupSize": group_size, "bits": bits, "mode": mode}


class Protocol(Case):
    """What holds with or without MLX."""

    def test_says_which_python_and_mlx_it_has(self) -> None:
        answer = self.start().result("initialize", {})
        self.assertEqual(answer["python"], sys.executable)
        self.assertEqual(answer["mlxVersion"], None if mx is None else mx.__version__)
        self.assertEqual(answer.get("error", {}).get("kind"), "missing" if mx is None else None)

    def test_an_unknown_method_is_an_error_and_the_next_request_is_served(self) -> None:
        worker = self.start()
        error = worker.ask("nonsense")["error"]
        self.assertEqual((error["code"], error["message"]), (-32601, "unknown method: nonsense"))
        self.assertIn("python", worker.result("initialize"))

    def test_bad_params_are_named(self) -> None:
        worker = self.start()
        tensor = {"name": "w", "path": "/none", "dtype": "U32", "shape": [1], "beginBytes": 0, "endBytes": 4, "ops": []}
        good = {"weight": tensor, "scales": tensor, "groupSize": 64, "bits": 4, "mode": "affine"}
        for params, text in [
            (None, "dequantize wants an object"),
            ({}, "weight is not an object"),
            ({**good, "bits": "4"}, "bits is not a whole number"),
            ({**good, "bits": True}, "bits is not a whole number"),
            ({**good, "groupSize": 64.5}, "groupSize is not a whole number"),
            ({**good, "mode": None}, "mode is not a string"),
            ({**good, "biases": 3}, "biases is not an object"),
            ({**good, "scales": {**tensor, "endBytes": -1}}, "scales has a negative length"),
            ({**good, "scales": {**tensor, "shape": [2, -1]}}, "scales has a negative length"),
            ({**good, "weight": {**tensor, "shape": 7}}, "weight.shape is not a list"),
            ({**good, "weight": {**tensor, "ops": [{"op": "exec"}]}}, "weight.ops has an operation that is not known"),
            ({**good, "weight": {**tensor, "ops": [{"op": []}]}}, "weight.ops has an operation that is not known"),
            ({**good, "weight": {**tensor, "ops": [{"op": "slice", "axis": 0}]}},
             "weight.ops.start is not a whole number"),
        ]:
            with self.subTest(text):
                error = worker.ask("dequantize", params)["error"]
                self.assertEqual((error["code"], error["message"]), (-32602, text))

    def test_a_body_that_is_not_json_or_no_request_is_an_error_and_nothing_more(self) -> None:
        worker = self.start()
        for body, code in [(b"{oops", -32700), (b"\xff\xfe", -32700), (b"[]", -32600), (b'{"id":3}', -32600)]:
            with self.subTest(body):
                worker.send(body)
                self.assertEqual(worker.receive()["error"]["code"], code)
        self.assertIn("python", worker.result("initialize"))

    def test_a_notification_gets_no_answer(self) -> None:
        worker = self.start()
        worker.send(b'{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}')
        self.assertIn("python", worker.result("initialize"))

    def test_broken_framing_ends_the_process_with_a_reason(self) -> None:
        for junk in [b"hello", b"Content-Length: x", b"Content-Length: 99999999999", b"Other: 1"]:
            with self.subTest(junk):
                worker = self.start()
                worker.process.stdin.write(junk + b"\r\n\r\n")
                worker.process.stdin.flush()
                code, stderr = worker.close()
                self.assertEqual(code, 2)
                self.assertTrue(stderr.startswith("tensorlint worker: "), stderr)
                self.assertEqual(len(stderr.splitlines()), 1)

    def test_ends_on_shutdown_and_on_the_end_of_its_input(self) -> None:
        worker = self.start()
        self.assertIsNone(worker.result("shutdown"))
        self.assertEqual(worker.process.wait(timeout=30), 0)
        self.assertEqual(self.start().close()[0], 0)

    def test_what_a_library_prints_does_not_reach_the_protocol(self) -> None:
        script = self.write("noisy.py", f"""
import os, subprocess, sys
sys.path.insert(0, {PYTHON_FOLDER!r})
import checks, worker

def noisy(params):
    print("from print")
    sys.stdout.write("from sys.stdout\\n")
    os.write(1, b"from the descriptor, as C code does\\n")
    child = "import sys; print('from a child'); sys.exit(len(sys.stdin.read()))"
    subprocess.run([sys.executable, "-c", child], check=True)
    return {{"heard": params}}

checks.CHECKS["noisy"] = noisy
sys.exit(worker.main())
""")
        worker = self.start(script=script)
        self.assertEqual(worker.result("noisy", 1), {"heard": 1})
        self.assertEqual(worker.result("noisy", 2), {"heard": 2})
        code, stderr = worker.close()
        self.assertEqual(code, 0)
        for text in ["from print", "from sys.stdout", "from the descriptor", "from a child"]:
            self.assertEqual(stderr.count(text), 2, text)

    def test_a_check_that_throws_or_returns_nan_is_an_internal_error_and_the_next_is_served(self) -> None:
        script = self.write("buggy.py", f"""
import sys
sys.path.insert(0, {PYTHON_FOLDER!r})
import checks, worker
checks.CHECKS["throw"] = lambda params: 1 / 0
checks.CHECKS["nan"] = lambda params: float("nan")
sys.exit(worker.main())
""")
        worker = self.start(script=script)
        error = worker.ask("throw")["error"]
        self.assertEqual((error["code"], error["message"]), (-32603, "ZeroDivisionError: division by zero"))
        self.assertEqual(worker.ask("nan")["error"]["code"], -32603)
        self.assertIn("python", worker.result("initialize"))
        self.assertIn("ZeroDivisionError", worker.close()[1])

    def test_nothing_is_imported_from_the_folder_it_runs_in(self) -> None:
        """A workspace may hold files named like modules; `PYTHONPATH` may name the workspace, too."""
        os.mkdir(self.path("mlx"))
        for name in ["json.py", "checks.py", "trouble.py", "hashlib.py", "signal.py", "mlx/__init__.py", "mlx/core.py"]:
            self.write(name, f"open({self.path('attacked')!r}, 'a').write(__name__)\nraise SystemExit('attacked')\n")
        for env in [{}, {"PYTHONPATH": self.folder}, {"PYTHONPATH": os.pathsep + "."}]:
            with self.subTest(env):
                worker = self.start(cwd=self.folder, env={"PYTHONSAFEPATH": "", **env})
                answer = worker.result("initialize")
                self.assertEqual(answer["mlxVersion"], None if mx is None else mx.__version__)
                self.assertFalse(os.path.exists(self.path("attacked")))

    def test_works_where_python_leaves_the_scripts_folder_off_the_path(self) -> None:
        self.assertIn("python", self.start(env={"PYTHONSAFEPATH": "1"}).result("initialize"))

    def test_leaves_no_bytecode_behind(self) -> None:
        self.start(env={"PYTHONDONTWRITEBYTECODE": ""}).result("initialize")
        found = [folder for folder, _, _ in os.walk(PYTHON_FOLDER) if folder.endswith("__pycache__")]
        self.assertEqual(found, [])

    @unittest.skipIf(sys.platform == "win32", "Windows has no signals")
    def test_a_killed_worker_is_seen_as_the_end_of_its_output(self) -> None:
        worker = self.start()
        worker.result("initialize")
        worker.process.kill()
        self.assertEqual(worker.process.stdout.read(), b"")
        self.assertEqual(worker.process.wait(timeout=30), -signal.SIGKILL)

    def test_says_that_mlx_is_missing_or_broken(self) -> None:
        for source, kind, text in [
            ("raise ModuleNotFoundError(\"No module named 'mlx'\", name='mlx')", "missing", "No module named 'mlx'"),
            ("raise ImportError('libmlx.so: cannot open shared object file')", "broken", "libmlx.so: cannot open"),
            ("raise ModuleNotFoundError(\"No module named 'typing_ext'\", name='typing_ext')", "broken", "typing_ext"),
            ("__version__ = '0.0.3'", "too-old", "MLX 0.0.3 has no cpu, "),
        ]:
            with self.subTest(kind):
                os.makedirs(self.path("fake/mlx"), exist_ok=True)
                self.write("fake/mlx/__init__.py", "")
                self.write("fake/mlx/core.py", source)
                script = self.write("without.py", f"""
import sys
sys.path.insert(0, {PYTHON_FOLDER!r})
import worker
sys.path.insert(0, {self.path('fake')!r})
sys.exit(worker.main())
""")
                worker = self.start(script=script)
                answer = worker.result("initialize")
                self.assertIsNone(answer["mlxVersion"])
                self.assertEqual(answer["error"]["kind"], kind)
                self.assertIn(text, answer["error"]["message"])


@needs_mlx
class Dequantize(Case):
    """The real thing, against MLX called directly."""

    def check(self, matrix: Any, result: dict[str, Any]) -> None:
        mx.eval(matrix)
        self.assertEqual((result["status"], result["error"]), ("ok", None))
        self.assertEqual(result["shape"], list(matrix.shape))
        self.assertEqual(result["dtype"], str(matrix.dtype).split(".")[-1])
        self.assertEqual(result["sha256"], hashlib.sha256(memoryview(mx.contiguous(matrix).view(mx.uint8))).hexdigest())
        wide = matrix.astype(mx.float32)
        self.assertEqual(result["min"], mx.min(wide).item())
        self.assertEqual(result["max"], mx.max(wide).item())
        self.assertAlmostEqual(result["mean"], mx.mean(wide).item(), places=4)
        self.assertEqual((result["nan"], result["inf"]), (0, 0))
        self.assertGreaterEqual(result["ms"], 0)

    def failure(self, job: dict[str, Any]) -> str:
        result = self.start().result("dequantize", job)
        self.assertEqual(result["status"], "error")
        numbers = ("shape", "dtype", "sha256", "min", "max", "mean", "nan", "inf")
        self.assertEqual([result[name] for name in numbers], [None] * 8)
        return result["error"]

    def test_every_affine_width_and_dtype(self) -> None:
        worker = self.start()
        for bits in (2, 3, 4, 5, 6, 8):
            for dtype in (mx.float16, mx.bfloat16, mx.float32):
                for group_size in (32, 64, 128):
                    with self.subTest(bits=bits, dtype=dtype, group_size=group_size):
                        triple = mx.quantize(mx.random.normal((24, 256)).astype(dtype), group_size, bits)
                        job = self.job(*triple, group_size=group_size, bits=bits)
                        expected = mx.dequantize(*triple, group_size=group_size, bits=bits)
                        self.check(expected, worker.result("dequantize", job))

    def test_modes_without_biases(self) -> None:
        worker = self.start()
        for mode, group_size, bits in [("mxfp4", 32, 4), ("mxfp8", 32, 8), ("nvfp4", 16, 4)]:
            with self.subTest(mode):
                pair = mx.quantize(mx.random.normal((24, 256)), group_size, bits, mode=mode)
                job = self.job(*pair, group_size=group_size, bits=bits, mode=mode)
                result = worker.result("dequantize", job)
                self.assertEqual(result["dtype"], "bfloat16")
                self.check(mx.dequantize(*pair, group_size=group_size, bits=bits, mode=mode), result)

    def test_what_the_loader_does_is_done(self) -> None:
        worker = self.start()
        triple = mx.quantize(mx.random.normal((96, 256)), 64, 4)
        expected = mx.dequantize(*triple, group_size=64, bits=4)
        roles = ("weight", "scales", "biases")
        turn = {"op": "transpose", "axes": [1, 0]}
        cut = {"op": "slice", "axis": 0, "start": 16, "stop": 48}
        for name, stored, ops, matrix in [
            ("transposed", [mx.contiguous(part.T) for part in triple], [turn], expected),
            ("made contiguous", [mx.contiguous(part.T) for part in triple], [turn, {"op": "contiguous"}], expected),
            ("sliced", triple, [cut], expected[16:48]),
            ("reshaped", [part.reshape(-1) for part in triple], None, expected),
        ]:
            with self.subTest(name):
                each = {
                    role: ops if ops is not None else [{"op": "reshape", "shape": list(part.shape)}]
                    for role, part in zip(roles, triple)
                }
                self.check(matrix, worker.result("dequantize", self.job(*stored, ops=each)))

    def test_three_dimensions(self) -> None:
        triple = mx.quantize(mx.random.normal((3, 16, 128)), 64, 4)
        self.check(mx.dequantize(*triple, group_size=64, bits=4), self.start().result("dequantize", self.job(*triple)))

    def test_an_empty_matrix_is_refused_by_mlx_itself(self) -> None:
        triple = mx.quantize(mx.random.normal((16, 128)), 64, 4)
        nothing = {"op": "slice", "axis": 0, "start": 4, "stop": 4}
        job = self.job(*triple, ops={role: [nothing] for role in ("weight", "scales", "biases")})
        self.assertEqual(self.failure(job), "[reshape] Cannot infer the shape of an empty array")

    def test_nan_is_counted_and_left_out(self) -> None:
        weight, scales, biases = mx.quantize(mx.random.normal((4, 128)), 64, 4)
        biases[0, 0] = float("nan")
        result = self.start().result("dequantize", self.job(weight, scales, biases))
        rest = mx.dequantize(weight, scales, biases, group_size=64, bits=4).reshape(-1)[64:]
        self.assertEqual((result["nan"], result["inf"]), (64, 0))
        self.assertEqual((result["min"], result["max"]), (mx.min(rest).item(), mx.max(rest).item()))
        self.assertAlmostEqual(result["mean"], mx.mean(rest).item(), places=5)

    def test_infinity_is_counted_and_a_number_that_json_lacks_is_null(self) -> None:
        weight, scales, biases = mx.quantize(mx.random.normal((4, 128)), 64, 4)
        biases[0, 0] = float("inf")
        biases[1, 1] = float("-inf")
        result = self.start().result("dequantize", self.job(weight, scales, biases))
        self.assertEqual((result["nan"], result["inf"]), (0, 128))
        self.assertEqual([result[name] for name in ("min", "max", "mean")], [None] * 3)

    def test_only_nan(self) -> None:
        weight, scales, biases = mx.quantize(mx.random.normal((4, 128)), 64, 4)
        result = self.start().result("dequantize", self.job(weight, scales, mx.full(biases.shape, float("nan"))))
        self.assertEqual((result["status"], result["nan"]), ("ok", 512))
        self.assertEqual([result[name] for name in ("min", "max", "mean")], [None] * 3)

    def test_a_matrix_of_several_pieces(self) -> None:
        triple = mx.quantize(mx.random.normal((2049, 2112)).astype(mx.float16), 64, 4)
        self.check(mx.dequantize(*triple, group_size=64, bits=4), self.start().result("dequantize", self.job(*triple)))

    def test_errors_are_in_mlxs_own_words(self) -> None:
        weight, scales, biases = mx.quantize(mx.random.normal((64, 256)), 64, 4)
        turned = [mx.contiguous(part.T) for part in (weight, scales, biases)]
        byte_scales = mx.zeros((64, 8), dtype=mx.uint8)
        mismatch = "[dequantize] Shape of scales and biases does not match the matrix"
        given = " given the quantization parameters. Provided matrix of shape (64,32) and "
        affine_given = given + "scales/biases of shape (64,4) with "
        for job, text in [
            (lambda: self.job(turned[0], scales, biases), mismatch),
            (lambda: self.job(*turned), mismatch),
            (lambda: self.job(weight, scales[:32], biases[:32]), mismatch),
            (lambda: self.job(weight, scales, biases, group_size=32),
             f"{mismatch}{affine_given}group_size=32 and bits=4."),
            (lambda: self.job(weight, scales, biases, bits=8), f"{mismatch}{affine_given}group_size=64 and bits=8."),
            (lambda: self.job(weight, scales, biases, bits=0), "[dequantize] Invalid value for bits: 0"),
            (lambda: self.job(weight, scales, biases, group_size=-1), "[dequantize] Invalid value for group_size: -1"),
            (lambda: self.job(weight.view(mx.int32), scales, biases),
             "[dequantize] The matrix should be given as a uint32"),
            (lambda: self.job(weight[0], scales[0], biases[0]),
             "[dequantize] The matrix to be dequantized must have at least 2 dimension but it has only 1."),
            (lambda: self.job(weight, scales), "[dequantize] Biases must be provided for affine quantization."),
            (lambda: self.job(weight, scales.astype(mx.int32), biases.astype(mx.int32)),
             "[dequantize] Only real floating types are supported but scales.dtype() == int32 and "
             "biases.dtype() == int32."),
            (lambda: self.job(weight, scales, mode="mxfp4", group_size=32),
             "[dequantize] Scale type must be uint8 but received type float32."),
            (lambda: self.job(weight, byte_scales, biases, mode="mxfp4", group_size=32),
             "[dequantize] Biases must be null for quantization mode 'mxfp4'."),
            (lambda: self.job(weight, byte_scales, mode="mxfp4"),
             "[dequantize] mxfp4 quantization requires group size 32 but got 64."),
            (lambda: self.job(weight, byte_scales, mode="mxfp4", group_size=32, bits=8),
             "[dequantize] mxfp4 quantization requires bits to be 4 but got 8."),
            (lambda: self.job(weight, byte_scales[:32], mode="mxfp4", group_size=32),
             "[dequantize] Shape of scales does not match the matrix"),
            (lambda: self.job(weight, byte_scales[:, :4], mode="mxfp4", group_size=32),
             f"[dequantize] Shape of scales does not match the matrix{given}scales of shape (64,4)."),
            (lambda: self.job(weight, scales, biases, mode="foo"), "[dequantize] Invalid quantization mode 'foo'."),
            (lambda: self.job(weight, scales, biases, group_size=2**40),
             f"MLX {mx.__version__} does not take group_size={2**40}, bits=4, mode='affine'"),
            (lambda: self.job(weight, scales, biases, ops={"weight": [{"op": "reshape", "shape": [3, 5]}]}),
             "[reshape] Cannot reshape array of size 2048 into shape (3,5)."),
        ]:
            with self.subTest(text):
                self.assertEqual(self.failure(job()), text)

    def test_a_damaged_file_is_a_result(self) -> None:
        triple = mx.quantize(mx.random.normal((64, 256)), 64, 4)
        job = self.job(*triple)
        size = os.path.getsize(self.path("model.safetensors"))
        weight = job["weight"]
        path = self.path("model.safetensors")
        for change, text in [
            ({"path": self.path("gone")}, f"cannot read {self.path('gone')}: No such file or directory"),
            ({"path": self.folder}, f"cannot read {self.folder}: Is a directory"),
            ({"endBytes": 10**15}, f"{path} ends at byte {size}, the tensor at byte {10**15}"),
            ({"endBytes": weight["endBytes"] - 4}, "U32 [64, 32] needs 8192 bytes, stored are 8188"),
            ({"shape": [2**40, 2**40]}, f"U32 [{2**40}, {2**40}] needs {2**82} bytes, stored are 8192"),
            ({"dtype": "F4"}, "[safetensor] unsupported dtype F4"),
        ]:
            with self.subTest(text):
                self.assertEqual(self.failure({**job, "weight": {**weight, **change}}), text)

    def test_works_without_numpy(self) -> None:
        script = self.write("alone.py", f"""
import sys
sys.path.insert(0, {PYTHON_FOLDER!r})

class Without:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "numpy":
            raise ModuleNotFoundError("No module named 'numpy'", name="numpy")

sys.meta_path.insert(0, Without())
import worker
sys.exit(worker.main())
""")
        triple = mx.quantize(mx.random.normal((64, 256)).astype(mx.bfloat16), 64, 4)
        result = self.start(script=script).result("dequantize", self.job(*triple))
        self.check(mx.dequantize(*triple, group_size=64, bits=4), result)


if __name__ == "__main__":
    unittest.main()
