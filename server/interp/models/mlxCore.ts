// mlx.core: loading, the operations that move axes, and the two sinks this tool exists for.
// Signatures as of MLX 0.32.4 (python/src/ops.cpp): dequantize(w, scales, biases, group_size, bits, mode, …) and
// quantized_matmul(x, w, scales, biases, transpose, group_size, bits, mode).

import { anyArray, shaped } from '../arrays/arrays'
import type { LibraryCall } from '../run/libraryCall'
import { loadWeights } from '../stored/checkpoints'
import type { Reader } from '../run/machine'
import { operate, refuse } from '../run/operate'
import { parametersOf, quantize as packed } from '../shapes/packed'
import { Refused } from '../shapes/shape'
import {
  type ArrayLibrary,
  constant,
  list,
  dict,
  type DictValue,
  none,
  type Role,
  truth,
  type Value,
} from '../values/value'
import { dtypeOf, libraryCalled, type Operation, without } from './arguments'
import { arange, eye, full, like, linspace, literal, ofShape } from './creation'
import { computing } from './elementwise'
import { joiningFor } from './joining'
import { asFunction, methods, operations } from './mlxArray'
import { literalSuffix, partsOf, textOf } from '../values/text'
import { noteWritten } from '../stored/writtenFiles'
import type { LibraryModel } from './index'
import { givenNumber, givenText, sink } from './sinks'

export function load(
  c: LibraryCall,
  reader: Reader = 'mlx',
  library: ArrayLibrary | undefined = libraryCalled(c.name),
): Value {
  const path = c.get(0, 'file', 'filename')
  if (!path) return dict([], true)
  const weights = loadWeights(c.m, path.kind === 'file' ? path.path : path, c.at, reader, library)
  const both = c.get(-1, 'return_metadata')
  if (!both || !truth(both, false)) return weights
  return list([weights, weights.kind === 'dict' ? metadataOf(weights) : dict([], true)], 'tuple')
}

/** What the file says of itself beside its tensors; of a file that is only taken to be meant there may be more. */
export function metadataOf({ views }: DictValue): DictValue {
  const [view] = views
  const [first] = view?.entries ?? []
  const isOne = views.length === 1 && view?.named === true && view.entries.length === 1
  return dict(isOne ? [...(first?.shard.metadata ?? [])].map(([key, text]) => [key, constant(text)]) : [], !isOne)
}

/** Gives weight, scales and, in the affine mode, biases; a packed weight is noted, for it cannot be packed again. */
export function quantize(c: LibraryCall): Value {
  const array = c.get(0, 'w')
  if (array?.kind === 'array' && c.m.guarded === 0) c.m.quantizations.push({ call: c.at, array })
  const parameters = parametersOf(
    {
      groupSize: givenNumber(c.get(1, 'group_size')),
      bits: givenNumber(c.get(2, 'bits')),
      mode: givenText(c.get(3, 'mode')),
    },
    'quantize',
  )
  const library = libraryCalled(c.name)
  if (parameters instanceof Refused) refuse(c, parameters, [], library)
  if (parameters instanceof Refused || array?.kind !== 'array') return list([result(c), result(c), result(c)])
  const made = (role: Role) =>
    operate(
      c,
      [array],
      ([v]) => {
        // The binding for Node is of an MLX that packs packed words again without a word.
        const shapes = packed({ shape: v?.shape, dtype: library === 'frost' ? undefined : v?.dtype }, parameters)
        if (shapes instanceof Refused) return role === 'weight' ? shapes : { shape: undefined, dtype: undefined }
        const scaleType = parameters.mode === 'affine' ? v?.dtype : parameters.mode ? 'U8' : undefined
        return {
          shape: shapes[role === 'weight' ? role : 'scales'],
          dtype: role === 'weight' ? 'U32' : scaleType,
          role,
        }
      },
      library,
    )
  const [weight, scales] = [made('weight'), made('scales')]
  if (parameters.mode === undefined) return list([weight, scales], 'list', true)
  return list(parameters.mode === 'affine' ? [weight, scales, made('biases')] : [weight, scales])
}

/** Every triple of a dict that is written to a file is a delivery: whoever loads the file will meet it. */
export function noteSaved(c: LibraryCall, written: Value | undefined): void {
  c.m.saves = true
  if (written?.kind !== 'dict') return
  for (const [key, weight] of written.map) {
    if (typeof key !== 'string' || !key.endsWith('.weight') || weight.kind !== 'array') continue
    const base = key.slice(0, -'.weight'.length)
    const [scales, biases] = [written.map.get(`${base}.scales`), written.map.get(`${base}.biases`)]
    if (scales?.kind !== 'array' || (biases && biases.kind !== 'array')) continue
    c.m.sinks.push({
      op: 'save_safetensors',
      call: c.at,
      weight,
      scales,
      biases,
      arguments: { weight: undefined, scales: undefined, biases: undefined },
      groupSize: undefined,
      bits: undefined,
      mode: undefined,
      activation: -1,
      uncertain: c.m.uncertain > 0 || c.m.alternative > 0,
      guarded: false,
    })
  }
}

/** `save_safetensors(file, arrays)`; a name without its ending is given it. */
export const save = (c: LibraryCall): Value => saveAs(c, '.safetensors')

function saveAs(c: LibraryCall, ending: string): Value {
  const [file, written] = [c.get(0, 'file'), c.get(1, 'arrays')]
  noteSaved(c, written)
  const path = file?.kind === 'file' ? file.path : file
  if (path)
    noteWritten(c.m, literalSuffix(path).endsWith(ending) ? path : textOf([...(partsOf(path) ?? []), ending]), written)
  return none
}

/** The same numbers in another dtype. */
function recoded(c: LibraryCall, dtype: string | undefined): Value {
  const x = c.get(0, 'x')
  return x?.kind === 'array' ? operate(c, [x], ([v]) => ({ shape: v?.shape, dtype }), 'mlx') : result(c)
}

const result = (c: LibraryCall): Value => ({ ...anyArray(c.m.frame.activation), library: libraryCalled(c.name) })

/** Every function of a table under a library's name. */
const under = (library: string, table: Readonly<Record<string, Operation>>): LibraryModel['calls'] =>
  Object.fromEntries(
    Object.entries(table).map(([name, operation]) => [`${library}.${name}`, asFunction(operation)] as const),
  )

export const mlxCore: LibraryModel = {
  calls: {
    'mlx.core.load': c => load(c),
    'mlx.core.dequantize': c =>
      sink(c, 'dequantize', {
        weight: [0, 'w'],
        scales: [1, 'scales'],
        biases: [2, 'biases'],
        groupSize: [3, 'group_size'],
        bits: [4, 'bits'],
        mode: [5, 'mode'],
      }),
    'mlx.core.quantized_matmul': c =>
      sink(c, 'quantized_matmul', {
        weight: [1, 'w'],
        scales: [2, 'scales'],
        biases: [3, 'biases'],
        groupSize: [5, 'group_size'],
        bits: [6, 'bits'],
        mode: [7, 'mode'],
        x: [0, 'x'],
        transpose: [4, 'transpose'],
      }),
    'mlx.core.gather_qmm': c =>
      sink(c, 'gather_qmm', {
        weight: [1, 'w'],
        scales: [2, 'scales'],
        biases: [3, 'biases'],
        lhs: [4, 'lhs_indices'],
        rhs: [5, 'rhs_indices'],
        transpose: [6, 'transpose'],
        groupSize: [7, 'group_size'],
        bits: [8, 'bits'],
        mode: [9, 'mode'],
        x: [0, 'x'],
      }),
    'mlx.core.quantize': quantize,
    'mlx.core.save_safetensors': save,
    'mlx.core.save_gguf': c => saveAs(c, '.gguf'),
    'mlx.core.array': literal,
    ...joiningFor('mlx.core'),
    'mlx.core.zeros': ofShape(0, 1),
    'mlx.core.ones': ofShape(0, 1),
    'mlx.core.full': full,
    'mlx.core.zeros_like': like,
    'mlx.core.ones_like': like,
    'mlx.core.full_like': like,
    'mlx.core.arange': arange,
    'mlx.core.linspace': linspace,
    'mlx.core.eye': eye,
    'mlx.core.identity': eye,
    'mlx.core.random.normal': ofShape(0, 1),
    'mlx.core.random.uniform': ofShape(2, 3),
    'mlx.core.random.randint': ofShape(2, 3, 'I32'),
    'mlx.core.random.seed': () => none,
    'mlx.core.random.key': c => shaped([2], c.m.frame.activation, 'U32', 'mlx'),
    'mlx.core.eval': () => none,
    'mlx.core.async_eval': () => none,
    'mlx.core.synchronize': () => none,
    'mlx.core.set_default_device': () => none,
    ...under('mlx.core', without(operations, 'ravel')),
    ...under('mlx.core', without(computing, 'absolute mod true_divide copy')),
    'mlx.core.from_fp8': c => recoded(c, dtypeOf(c.get(1, 'dtype')) ?? (c.get(1, 'dtype') ? undefined : 'BF16')),
    'mlx.core.to_fp8': c => recoded(c, 'U8'),
    'mlx.core.stop_gradient': c => c.get(0) ?? none,
    'mlx.core.array_equal': c => shaped([], c.m.frame.activation, 'BOOL', 'mlx'),
    'mlx.core.allclose': c => shaped([], c.m.frame.activation, 'BOOL', 'mlx'),
    ...methods(
      without(
        computing,
        'mod power left_shift right_shift take_along_axis put_along_axis stop_gradient real sort partition topk',
      ),
    ),
  },
}
