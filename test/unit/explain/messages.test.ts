// Texts of MLX are recognised word for word, with their numbers; a hostile text costs linear time.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { messages, recognise } from '../../../server/explain/messages/index'
import { template } from '../../../server/explain/messages/template'
import { errorLinePattern } from '../../../server/protocol'

const recorded = JSON.parse(
  readFileSync(join(__dirname, '..', '..', 'recorded', 'mlxMessages.json'), 'utf8'),
) as readonly (readonly [string, string])[]

/** Texts that no CPU run of MLX 0.32.4 raises: other backends, older releases, mlx-lm, Node. */
const elsewhere: readonly (readonly [string, string])[] = [
  ['no-kernel', 'ValueError: [quantized_matmul] No implementation for problem shape: 1x64x256x1, transpose: 1, …'],
  ['no-kernel', '[quantized_matmul] Group size 256 is not supported.'],
  ['no-kernel', '[quantized_matmul] 7-bit quantization is not supported.'],
  ['qqmm-shape', 'RuntimeError: [GatherQQMM] NYI'],
  [
    'bad-global-scale',
    'ValueError: [qqmm] For nvfp4 mode, either both global_scale_x and global_scale_w must be provided, or neither.',
  ],
  [
    'unknown-mode',
    'ValueError: Cannot infer the quantization mode of model.layers.0.mlp.up_proj: group size 64 and 4 bits.',
  ],
  [
    'group-indices',
    'ValueError: Found model.layers.0.q_proj.g_idx in weights. Models with non-contiguous group indices (g_idx) are not currently supported. Please use a model without g_idx.',
  ],
  ['foreign-bits', 'ValueError: Only bits=8 is supported for AutoAWQ/GPTQ models.'],
  ['foreign-method', "unsupported compressed-tensors format 'float-quantized'; dequantize to bf16 before converting"],
  ['foreign-method', 'ValueError: Unsupported modelopt quant_algo: FP8'],
  ['no-files', 'FileNotFoundError: No safetensors found in /models/a model'],
  ['cannot-quantize-model', 'NotImplementedError: QQLinear does not support bias yet.'],
  ['javascript-missing-key', 'Error: conversion failure from undefined'],
  ['bad-header-length', 'RuntimeError: [load_safetensors] Invalid json header length /models/x.safetensors'],
]

describe('messages', () => {
  test.each([...recorded, ...elsewhere])('%s: %s', (id, text) => {
    const found = recognise(text)
    expect(found.map(f => f.message.id)).toEqual([id])
    expect(found[0]?.message.meaning(found[0].reading)).toMatch(/^([A-Z`]|mlx-lm).*[.]$/s)
  })

  test('all have a text that is raised somewhere', () => {
    const seen = new Set([...recorded, ...elsewhere].map(([id]) => id))
    expect(messages.map(m => m.id).filter(id => !seen.has(id))).toEqual([])
    expect(new Set(messages.map(m => m.id)).size).toBe(messages.length)
  })

  test('give their numbers', () => {
    const [long] = recognise(
      'ValueError: [dequantize] Shape of scales and biases does not match the matrix given the quantization parameters. Provided matrix of shape (1,10,1024) and scales/biases of shape (1,10,64) with group_size=64 and bits=2.',
    )
    expect(long?.reading.shape('w')).toEqual([1, 10, 1024])
    expect(long?.reading.shape('s')).toEqual([1, 10, 64])
    expect([long?.reading.number('g'), long?.reading.number('bits')]).toEqual([64, 2])
    const [inner] = recognise(
      '[quantized_matmul] Last dimension of first input with shape (..., 128) does not match the expanded quantized matrix (256, 64) computed from shape (64,32) with group_size=64, bits=4 and transpose=true',
    )
    expect(inner?.reading.number('inner')).toBe(128)
    expect(inner?.reading.text('flag')).toBe('true')
    const [names] = recognise('Received 3 parameters not in model: \na.scales,\nb.biases,\nlm_head.weight.\nmore')
    expect(names?.reading.names).toEqual(['a.scales', 'b.biases', 'lm_head.weight'])
    const [dtype] = recognise('[dequantize] Scale type must be uint8 but received type bfloat16.')
    expect(dtype?.reading.text('dtype')).toBe('bfloat16')
  })

  test('are found in a traceback, wrapped by a terminal, and one inside another', () => {
    const wrapped = [
      'Traceback (most recent call last):',
      '  File "/x/loader.py", line 3, in f',
      'ValueError: [dequantize] Shape of scales and biases does',
      '    not match the matrix given the quantization parameters. Provided matrix of',
      ' shape (64,32) and scales/biases of shape (64,4) with group_size=32 and bits=4.',
    ].join('\r\n')
    expect(recognise(wrapped).map(f => [f.message.id, f.reading.number('g')])).toEqual([
      ['parameters-do-not-match', 32],
    ])
    const two = recognise('[dequantize] Invalid value for bits: 0\nand then\nMissing 1 parameters: \na.')
    expect(two.map(f => f.message.id)).toEqual(['bad-parameter', 'parameters-missing'])
  })

  test('are not seen in text that is none', () => {
    expect(recognise('')).toEqual([])
    expect(recognise('Shape of scales and biases does not match the matrix')).toEqual([])
    expect(recognise('[dequantize] Shape of scales and biases does match the matrix')).toEqual([])
    expect(recognise('Expected shape (4, 8) but received nothing')).toEqual([])
    expect(recognise('We received 2 parcels not in model')).toEqual([])
  })

  test('have a first line that the terminal’s pattern sees', () => {
    const pattern = new RegExp(errorLinePattern)
    const missed = recorded.map(([, text]) => text.split('\n')[0] ?? '').filter(line => !pattern.test(line))
    // These are raised by code of one's own too, so a link on each would be noise.
    expect(
      missed.filter(
        line => !/Unable to quantize|class_predicate|mx\.array|Module does|List index|invalid type/.test(line),
      ),
    ).toEqual([])
    expect(pattern.test('$ ls [dequantize]')).toBe(false)
    expect(pattern.test('Received 2 parcels')).toBe(false)
  })
})

describe('hostile texts', () => {
  const size = 256 * 1024
  const fill = (unit: string) => unit.repeat(Math.ceil(size / unit.length)).slice(0, size)
  test.each([
    '[',
    '[dequantize] ',
    '(1,',
    'Expected shape (',
    'Received 1 parameters not in model: \n',
    'a,\n',
    '[dequantize] Shape of scales and biases does not match the matrix given ',
    'Invalid quantization mode ',
    '\n',
    ' ',
    '0',
  ])('cost linear time: %j', unit => {
    const begin = performance.now()
    recognise(fill(unit))
    new RegExp(errorLinePattern).exec(fill(unit).slice(0, 4_000))
    expect(performance.now() - begin).toBeLessThan(2_000)
  })

  test('a longer text keeps its end', () => {
    const text = `${fill('x ')}\nValueError: [dequantize] Invalid value for bits: 0`
    expect(recognise(text).map(f => f.message.id)).toEqual(['bad-parameter'])
  })

  test('no text makes it throw', () => {
    const word = fc.constantFrom(
      '[dequantize] ',
      'Shape of ',
      '(1,',
      ')',
      'Missing 2 parameters',
      ': ',
      ',\n',
      '[',
      'é',
      '\u0000',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.string()), { maxLength: 60 }), parts => void recognise(parts.join(''))),
    )
  })
})

test('a template of an unknown kind of hole is our own mistake', () => {
  expect(() => template('{x:banana}')).toThrow('banana')
})
