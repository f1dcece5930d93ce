"""Raises every message of MLX that the explanations know and prints them as JSON: [id, text] each.

Run by test/unit/explain/messages.mlx.test.ts; what it prints with MLX 0.32.4 is kept in test/recorded/mlxMessages.json
for machines without MLX. A text is null where nothing was raised.
"""

import json
import os
import struct
import tempfile

import mlx.core as mx
import mlx.nn as nn
mx.set_default_device(mx.cpu)
out = []
folder = tempfile.TemporaryDirectory()
d = folder.name
def t(id, f):
    try:
        r = f()
        if isinstance(r, (list, tuple)): mx.eval(*r)
        elif r is not None: mx.eval(r)
        out.append([id, None])
    except Exception as e:
        out.append([id, f"{type(e).__name__}: {e}".replace(d, "/models")])
u = lambda *s: mx.zeros(s, dtype=mx.uint32)
h = lambda *s: mx.zeros(s, dtype=mx.float16)
b8 = lambda *s: mx.zeros(s, dtype=mx.uint8)
x = mx.zeros((2, 256))
D = mx.dequantize
Q = mx.quantized_matmul
t('unknown-mode', lambda: D(u(64,32), h(64,4), h(64,4), mode='foo'))
t('unknown-mode', lambda: nn.QuantizedLinear(64, 64, mode='foo'))
t('bad-output-dtype', lambda: D(u(64,32), h(64,4), h(64,4), dtype=mx.int32))
t('biases-missing', lambda: D(u(64,32), h(64,4)))
t('scales-not-floating', lambda: D(u(64,32), mx.zeros((64,4), dtype=mx.int32), mx.zeros((64,4), dtype=mx.int32)))
t('scales-not-uint8', lambda: D(u(64,32), mx.zeros((64,8)), mode='mxfp4', group_size=32))
t('biases-not-wanted', lambda: D(u(64,32), b8(64,8), h(64,8), mode='mxfp4', group_size=32))
t('bad-parameter', lambda: D(u(64,32), h(64,4), h(64,4), bits=0))
t('bad-parameter', lambda: D(u(64,32), h(64,4), h(64,4), group_size=-1))
t('weight-not-uint32', lambda: D(mx.zeros((64,32), dtype=mx.int32), h(64,4), h(64,4)))
t('too-few-dimensions', lambda: D(u(32), h(4), h(4)))
t('leading-dimensions-differ', lambda: D(u(32,64), h(4,64), h(4,64)))
t('leading-dimensions-differ', lambda: D(u(32,64), b8(8,64), mode='mxfp4', group_size=32))
t('parameters-do-not-match', lambda: D(u(64,32), h(64,4), h(64,4), group_size=32, bits=4))
t('parameters-do-not-match', lambda: D(u(64,32), b8(64,4), mode='mxfp4', group_size=32, bits=4))
t('mode-and-parameters-disagree', lambda: D(u(64,32), b8(64,8), mode='mxfp4', group_size=64, bits=4))
t('mode-and-parameters-disagree', lambda: D(u(64,32), b8(64,8), mode='mxfp4', group_size=32, bits=8))
t('biases-do-not-broadcast', lambda: D(u(64,32), h(64,4), h(64,2)))
t('bad-global-scale', lambda: D(u(64,32), h(64,4), h(64,4), global_scale=mx.array(1.0)))
t('bad-global-scale', lambda: D(u(64,32), b8(64,16), mode='nvfp4', group_size=16, bits=4, global_scale=mx.zeros((2,))))
t('bad-global-scale', lambda: D(u(64,32), b8(64,16), mode='nvfp4', group_size=16, bits=4, global_scale=mx.array(1, dtype=mx.float16)))
t('odd-width', lambda: D(u(64,31), h(64,3), h(64,3), group_size=110, bits=3))
t('group-size-not-supported', lambda: mx.quantize(mx.zeros((64,256)), group_size=16))
t('bits-not-supported', lambda: mx.quantize(mx.zeros((64,256)), bits=7))
t('mode-and-parameters-disagree', lambda: mx.quantize(mx.zeros((64,256)), mode='mxfp4', group_size=64))
t('mode-and-parameters-disagree', lambda: mx.quantize(mx.zeros((64,256)), mode='nvfp4', bits=8))
t('quantize-not-floating', lambda: mx.quantize(mx.zeros((64,256), dtype=mx.int32)))
t('quantize-too-few-dimensions', lambda: mx.quantize(mx.zeros((256,))))
t('quantize-not-divisible', lambda: mx.quantize(mx.zeros((64,100))))
t('quantize-not-floating', lambda: mx.quantize(mx.zeros((64,256), dtype=mx.float64)))
t('weight-not-uint32', lambda: Q(x, mx.zeros((64,32), dtype=mx.int32), h(64,4), h(64,4)))
t('scales-and-biases-differ', lambda: Q(x, u(64,32), h(64,4), h(64,2)))
t('batches-differ', lambda: Q(x, u(2,32,32), h(4,16,4), h(4,16,4)))
t('matmul-parameters-do-not-match', lambda: Q(x, u(64,32), h(64,4), h(64,4), group_size=32, bits=4))
t('input-width-differs', lambda: Q(mx.zeros((2,128)), u(64,32), h(64,4), h(64,4)))
t('biases-missing', lambda: Q(x, u(64,32), h(64,4)))
t('input-not-floating', lambda: Q(mx.zeros((2,256), dtype=mx.int32), u(64,32), b8(64,8), mode='mxfp4', group_size=32, bits=4))
t('no-kernel', lambda: Q(x, u(64,32), h(64,1), h(64,1), group_size=256, bits=4))
t('no-kernel', lambda: Q(mx.zeros((2,64)), u(64,32), h(64,1), h(64,1), group_size=64, bits=16))
t('bad-indices', lambda: mx.gather_qmm(mx.zeros((1,1,256)), u(4,64,32), h(4,64,4), h(4,64,4), rhs_indices=mx.zeros((1,))))
t('qqmm-shape', lambda: mx.qqmm(mx.zeros((2,3,256)), mx.zeros((2,64,256)), mode='nvfp4'))
t('qqmm-shape', lambda: mx.qqmm(mx.zeros((2,256)), u(64,32), mode='nvfp4'))
t('qqmm-shape', lambda: mx.qqmm(mx.zeros((2,256)), mx.zeros((64,128)), mode='nvfp4'))
t('qqmm-shape', lambda: mx.qqmm(mx.zeros((2,256)), mx.zeros((64,256)), mode='nvfp4'))
t('input-not-floating', lambda: mx.qqmm(mx.zeros((2,256)), mx.zeros((64,256), dtype=mx.int32), mode='nvfp4'))
t('matmul-shapes', lambda: mx.zeros((2,256)) @ mx.zeros((64,256)))
class M(nn.Module):
    def __init__(self):
        super().__init__(); self.q = nn.Linear(8, 4, bias=False); self.layers=[nn.Linear(4,4)]
def lw(p, strict=True): 
    m = M(); m.load_weights(list(p.items()), strict=strict)
full = lambda: {'q.weight': mx.zeros((4,8)), 'layers.0.weight': mx.zeros((4,4)), 'layers.0.bias': mx.zeros((4,))}
t('parameters-not-in-model', lambda: lw(full() | {'a.scales': x, 'b.biases': x}))
t('parameters-missing', lambda: lw({'q.weight': mx.zeros((4,8))}))
t('parameter-shape', lambda: lw(full() | {'q.weight': mx.zeros((4,16))}))
t('parameter-not-an-array', lambda: lw(full() | {'q.weight': [1]}))
t('no-such-parameter', lambda: M().update({'k': {'weight': x}}))
t('no-such-parameter', lambda: M().update({'layers': [{}, {}, {'weight': x}]}))
t('no-such-parameter', lambda: M().update({'q': 3}))
class P(nn.Module):
    def __init__(self): super().__init__(); self.n = nn.RMSNorm(8); self.q=nn.Linear(64,64)
t('cannot-quantize-model', lambda: nn.quantize(P(), class_predicate=lambda p,m: True))
t('cannot-quantize-model', lambda: nn.quantize(nn.Sequential(nn.Linear(64, 64)), class_predicate=lambda p,m: 'x'))
def f(name, data):
    p = os.path.join(d, name); open(p, 'wb').write(data); return p
def st(header, data=b''):
    j = json.dumps(header).encode(); return struct.pack('<Q', len(j)) + j + data
t('bad-header-length', lambda: mx.load(f('a.safetensors', b'<!DOCTYPE html><html>' + b' ' * 100)))
t('header-cut', lambda: mx.load(f('b.safetensors', struct.pack('<Q', 5000) + b'{')))
t('bad-offsets', lambda: mx.load(f('c.safetensors', st({'k': {'dtype':'F32','shape':[4],'data_offsets':[0,8]}}, b'\0'*8))))
t('bad-offsets', lambda: mx.load(f('d.safetensors', st({'k': {'dtype':'F32','shape':[4],'data_offsets':[0,16]}}, b'\0'*8))))
t('dtype-not-read', lambda: mx.load(f('e.safetensors', st({'k': {'dtype':'F64','shape':[1],'data_offsets':[0,8]}}, b'\0'*8))))
t('file-not-read', lambda: mx.load(f('g.safetensors', b'abc')))
t('file-not-read', lambda: mx.load(os.path.join(d, 'no.safetensors')))
print(json.dumps(out, indent=1))
