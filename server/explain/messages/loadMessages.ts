// Messages of opening a file and of loading weights into a model (ml-explore/mlx, mlx/io/safetensors.cpp and
// python/mlx/nn/layers/base.py; mlx_lm/utils.py; MLX 0.32.4, mlx-lm 0.32.2).

import { code } from '../markdown'
import { type Message, showShape } from './message'
import type { Reading } from './template'

function shapeMeaning(r: Reading): string {
  const [expected, received] = [r.shape('expected') ?? [], r.shape('received') ?? []]
  const key = r.text('key') ?? ''
  const [e, f] = [expected[expected.length - 1] ?? 0, received[received.length - 1] ?? 0]
  const lead = JSON.stringify(expected.slice(0, -1)) === JSON.stringify(received.slice(0, -1))
  const head = `The model was built for ${showShape(expected)}, the file has ${showShape(received)}.`
  if (expected.length > 1 && JSON.stringify([...expected].reverse()) === JSON.stringify(received))
    return `${head} The one is the other transposed.`
  if (!lead || e === 0 || f === 0)
    return `${head} A size in the config differs from the file, or another module’s tensor bears this name.`
  if (key.endsWith('.weight'))
    return `${head} For a packed weight that is a ratio of bits: ${e} : ${f} = bits of the config : bits of the file.`
  if (/\.(scales|biases)$/.test(key))
    return `${head} For scales that is a ratio of group sizes: the config’s is ${f / e} times the file’s.`
  return `${head} A size in the config differs from the file.`
}

export const loadMessages: readonly Message[] = [
  {
    id: 'parameters-not-in-model',
    texts: ['Received {count:n} parameters not in model:', 'Received {count:n} parameters not in model'],
    when: 'load',
    hasNames: true,
    meaning: r => {
      const side = r.names.filter(name => /\.(scales|biases)$/.test(name)).length
      const foreign = r.names.find(name =>
        /\.(qweight|qzeros|g_idx|weight_packed|weight_scale(_inv)?|absmax|SCB)$/.test(name),
      )
      const only = r.names.length > 0 && r.names.every(name => name.endsWith('.biases'))
      if (only)
        return `The model has no biases where the file has some: it was built for a floating-point mode, and the file is affine.`
      if (side > 0)
        return `Scales and biases that the model has no place for: it was built unquantized, because the config has no ${code('quantization')} for these modules.`
      if (foreign)
        return `Names of another format than MLX’s, such as ${code(foreign)}: they have to be converted first.`
      return 'The file has names that the model does not have: another prefix, another architecture, or tensors that a sanitize step should drop.'
    },
  },
  {
    id: 'parameters-missing',
    texts: ['Missing {count:n} parameters:', 'Missing {count:n} parameters'],
    when: 'load',
    hasNames: true,
    meaning: r =>
      r.names.length > 0 && r.names.every(name => name.endsWith('.biases'))
        ? 'The model wants biases that the file does not have: it was built as affine, and the file is of a floating-point mode.'
        : r.names.some(name => /\.(scales|biases)$/.test(name))
          ? `The model was built quantized where the file is not: the config’s ${code('quantization')} names modules without scales.`
          : 'The file lacks tensors that the model wants: a shard is missing, a prefix differs, or the head is tied.',
  },
  {
    id: 'parameter-shape',
    texts: ['Expected shape {expected:shape} but received shape {received:shape} for parameter {key:path}'],
    when: 'load',
    meaning: shapeMeaning,
  },
  {
    id: 'parameter-not-an-array',
    texts: ['Expected mx.array but received {type:text} for parameter {key:path}'],
    when: 'load',
    meaning: () => 'A value of the dictionary is no MLX array: the file was read with another library.',
  },
  {
    id: 'no-such-parameter',
    texts: [
      'Module does not have parameter named "{key:path}"',
      'List index {index:n} is out of bounds for destination of length {length:n}',
      'Received invalid type: {type:text}',
    ],
    when: 'load',
    meaning: () => 'The tree of parameters has another form than the model: a name or a number of layers differs.',
  },
  {
    id: 'group-indices',
    texts: [
      'Found {key:path} in weights. Models with non-contiguous group indices (g_idx) are not currently supported',
    ],
    when: 'load',
    meaning: () => 'The checkpoint is GPTQ with group indices, which mlx-lm does not convert, trivial ones included.',
  },
  {
    id: 'foreign-bits',
    texts: ['Only bits={bits:n} is supported for AutoAWQ/GPTQ models'],
    when: 'load',
    meaning: r =>
      `mlx-lm converts 4-bit AWQ and GPTQ only; ${r.number('bits')} is what the config says, not what is supported.`,
  },
  {
    id: 'foreign-method',
    texts: ["unsupported compressed-tensors format '{format:word}'", 'Unsupported modelopt quant_algo: {format:word}'],
    when: 'load',
    meaning: r =>
      `The checkpoint is in ${code(r.text('format') ?? '')}, which mlx-lm does not read: convert from the original weights.`,
  },
  {
    id: 'no-files',
    texts: ['No safetensors found in {file:text}'],
    when: 'open',
    meaning: () =>
      `mlx-lm reads ${code('model*.safetensors')} in the model’s own folder: files of another name or in subfolders (ranks) are not seen.`,
  },
  {
    id: 'bad-header-length',
    texts: [
      '[{op}] Invalid json header length file {file:text}',
      '[{op}] Invalid json header length {file:text}',
      '[{op}] Invalid json metadata {file:text}',
    ],
    when: 'open',
    meaning: () =>
      'The file does not begin as a safetensors file does: a git-lfs pointer, an error page, or another format.',
  },
  {
    id: 'header-cut',
    texts: ['[{op}] The JSON header is {size:n} bytes long but the file is only {fileSize:n} bytes'],
    when: 'open',
    meaning: r =>
      `The file ends inside its header: ${r.number('fileSize')} bytes of at least ${(r.number('size') ?? 0) + 8}. The download is incomplete.`,
  },
  {
    id: 'bad-offsets',
    texts: [
      "[{op}] Tensor '{key:path}' invalid data offsets ({begin:n}, {end:n}). Expecting {size:n} bytes",
      "[{op}] Tensor '{key:path}' invalid data offsets ({begin:n}, {end:n}) exceeding the size of the file",
      "[{op}] Tensor '{key:path}' invalid data offsets",
    ],
    when: 'open',
    meaning: r =>
      r.number('size') === undefined
        ? `${code(r.text('key') ?? '')} ends past the end of the file: it was cut short.`
        : `The span of ${code(r.text('key') ?? '')} is ${(r.number('end') ?? 0) - (r.number('begin') ?? 0)} bytes, its shape × dtype ${r.number('size')}.`,
  },
  {
    id: 'dtype-not-read',
    texts: ['[{op}] unsupported dtype {dtype:word}'],
    when: 'open',
    meaning: r => `MLX refuses a whole file that holds one tensor of ${code(r.text('dtype') ?? '')}.`,
  },
  {
    id: 'file-not-read',
    texts: [
      '[{op}] Unable to read {size:n} bytes from file',
      '[{op}] Failed to open file {file:text}',
      '[{op}] Failed to open {file:text}',
    ],
    when: 'open',
    meaning: r =>
      r.number('size') === undefined
        ? 'The file is not there or may not be read.'
        : `The file ends ${r.number('size')} bytes too early.`,
  },
  {
    id: 'javascript-missing-key',
    texts: ['conversion failure from undefined'],
    when: 'first use',
    meaning: () =>
      'In MLX for Node a missing key gives `undefined`, which the operation then refuses: a tensor’s name differs from the checkpoint’s.',
  },
]
