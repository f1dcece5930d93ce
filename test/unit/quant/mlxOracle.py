"""Runs mx.dequantize and mx.quantize on tensors of a file: `mlxOracle.py INPUT OUTPUT < jobs.json > answers.json`.

A job is {"op", "groupSize", "bits", "mode"}; its tensors are `<index>.weight`, `.scales`, `.biases` in INPUT. Results go
to OUTPUT under `<index>.<n>`; the answers on stdout are null or the text of the exception.
"""

import json
import sys

import mlx.core as mx

mx.set_default_device(mx.cpu)
tensors = mx.load(sys.argv[1])
answers = []
results = {}
for index, job in enumerate(json.load(sys.stdin)):
    args = [tensors.get(f"{index}.{part}") for part in ("weight", "scales", "biases")]
    params = {"group_size": job["groupSize"], "bits": job["bits"], "mode": job["mode"]}
    try:
        if job["op"] == "dequantize":
            made = [mx.dequantize(*args, **params)]
        else:
            made = mx.quantize(args[0], **params)
        mx.eval(made)
    except Exception as error:
        answers.append(str(error))
        continue
    answers.append(None)
    for n, array in enumerate(made):
        results[f"{index}.{n}"] = array
mx.save_safetensors(sys.argv[2], results)
json.dump(answers, sys.stdout)
