// Classes of nn whose objects decode `weight`, `scales` and `biases` when they are called.

export const quantizedClasses: ReadonlySet<string> = new Set([
  'mlx.nn.QuantizedLinear',
  'mlx.nn.QuantizedEmbedding',
  'frost.nn.QuantizedLinear',
  'frost.nn.QuantizedEmbedding',
])
