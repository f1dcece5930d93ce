// mlx.nn: classes whose objects hold a quantized triple, and the small parts of Module that loaders touch. An object of
// any other class of mlx.nn remembers what is set on it and is otherwise unknown.

import type { LibraryCall } from '../calls'
import { libraryInstance } from '../calls'
import type { Value } from '../value'
import type { LibraryModel } from './index'

/** Constructor arguments become attributes under their own names, as the classes themselves keep them. */
const quantized =
  (name: string, parameters: readonly string[]) =>
  (c: LibraryCall): Value => {
    const made = libraryInstance(c.m, name, c.args)
    c.args.positional.forEach((argument, i) => {
      const parameter = parameters[i]
      if (parameter) made.attributes.set(parameter, argument.value)
    })
    return made
  }

const linear = ['input_dims', 'output_dims', 'bias', 'group_size', 'bits', 'mode'] as const
const embedding = ['num_embeddings', 'dims', 'group_size', 'bits', 'mode'] as const

/** Classes whose objects decode `weight`, `scales` and `biases` when they are called. */
export const quantizedClasses: ReadonlySet<string> = new Set([
  'mlx.nn.QuantizedLinear',
  'mlx.nn.QuantizedEmbedding',
  'frost.nn.QuantizedLinear',
  'frost.nn.QuantizedEmbedding',
])

export const mlxNn: LibraryModel = {
  calls: {
    'frost.nn.QuantizedLinear': quantized('frost.nn.QuantizedLinear', linear),
    'frost.nn.QuantizedEmbedding': quantized('frost.nn.QuantizedEmbedding', embedding),
  },
}
