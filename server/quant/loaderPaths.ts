// A module's path as loaders have it, from its path in the file: what mlx-lm's and mlx-vlm's sanitize do to names. The
// look-up of quantization overrides is by the loader's path. Renames that only some model does are all given, since a key
// that matches any of them may be right (mlx_lm/models/{qwen3_5,gemma4,mistral3,qwen3_vl,mixtral,qwen3_moe}.py, 0.32.2).

const prefixes: readonly (readonly [string, string])[] = [
  ['model.language_model.', 'language_model.model.'],
  ['model.language_model.', 'model.'],
  ['model.language_model.', 'language_model.'],
  ['language_model.model.', 'model.'],
  ['language_model.', ''],
  ['model.visual.', 'vision_tower.'],
  ['visual.', 'vision_tower.'],
  ['model.vision_tower.', 'vision_tower.'],
  ['model.', 'language_model.model.'],
  ['model.', ''],
  ['lm_head', 'language_model.lm_head'],
  ['thinker.', ''],
  ['', 'model.'],
]

/** Mixtral's experts by their loader's names. */
const mixtral: Readonly<Record<string, string>> = { w1: 'gate_proj', w2: 'down_proj', w3: 'up_proj' }

/** Every other path by which some loader knows a stored module, likely ones first. */
export function loaderPaths(module: string): readonly string[] {
  const stacked = stackedPath(module)
  const names = stacked === undefined ? [module] : [stacked, module]
  const paths = names.flatMap(name => [
    name,
    ...prefixes.flatMap(([from, to]) => (name.startsWith(from) ? [to + name.slice(from.length)] : [])),
  ])
  return [...new Set(paths)].filter(path => path !== module)
}

/** `mlp.experts.7.up_proj` is one slice of what loaders call `mlp.switch_mlp.up_proj`. */
function stackedPath(module: string): string | undefined {
  const expert = /^(.*)\.experts\.\d+\.(\w+)$/.exec(module)
  return expert ? `${expert[1]}.switch_mlp.${mixtral[expert[2] ?? ''] ?? expert[2]}` : undefined
}

/**
 * Models whose loader in mlx-lm and mlx-vlm moves `model.language_model.` to `language_model.model.`, so that an override
 * under the stored name is never found.
 */
const movers = /^(qwen3_5|qwen3_5_moe|qwen3_6|gemma4|gemma4_unified|prism_hadamard_qwen35)$/

/** The one path that mlx-lm looks an override up by where that is known for the model's type, else undefined. */
export function movedPath(modelType: string | undefined, path: string): string | undefined {
  const from = 'model.language_model.'
  return modelType !== undefined && movers.test(modelType) && path.startsWith(from)
    ? `language_model.model.${path.slice(from.length)}`
    : undefined
}
