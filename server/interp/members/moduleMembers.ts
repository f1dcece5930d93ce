// What objects have by their class: for `hasattr`, and for reading a module like the dict that it is.
// Source: mlx/python/mlx/nn/layers/base.py, linear.py and embedding.py, MLX 0.32.4.

import { classOrder } from '../run/classes'
import { bareClasses } from './instanceMembers'
import { findMember, libraryBase } from './members'
import { layerArguments, layerParameters } from '../arrays/parameters'
import type { InstanceValue } from '../values/value'

/** Members of every `mlx.nn.Module`, those of `dict` included. */
const moduleMembers: ReadonlySet<string> = new Set(
  (
    'apply apply_to_modules children clear copy eval filter_and_map freeze fromkeys get is_module items keys leaf_modules ' +
    'load_weights modules named_modules parameters pop popitem save_weights set_dtype setdefault state train ' +
    'trainable_parameter_filter trainable_parameters training unfreeze update update_modules valid_child_filter ' +
    'valid_parameter_filter values'
  ).split(' '),
)

/** What the layers whose parameters are known have besides, one or the other of them. */
const layerMembers: ReadonlySet<string> = new Set(
  (
    'as_linear bias biases bits dilation dims eps from_embedding from_linear group_size groups kernel_size mode padding ' +
    'num_groups pytorch_compatible affine num_features momentum track_running_stats output_padding ' +
    'quantize_input stride input_dims output_dims num_embeddings in_channels out_channels'
  ).split(' '),
)

/** Layers that `nn.quantize` can pack. */
const packable = /^mlx\.nn\.(Linear|Embedding)$/

/** Whether an object has an attribute or method; undefined where its class is not known well enough. */
export function hasMember(object: InstanceValue, name: string): boolean | undefined {
  if (object.attributes.has(name) || findMember(object.of, name)) return true
  const base = libraryBase(object.of)
  if (base === undefined) {
    if (object.of.kind !== 'class') return undefined
    const order = classOrder(object.of)
    return order?.every(one => one.kind === 'class' || bareClasses.test(one.name)) === true ? false : undefined
  }
  if (!base.startsWith('mlx.nn.')) return undefined
  if (moduleMembers.has(name)) return true
  if (name === 'to_quantized') return packable.test(base)
  const parameters = object.of.kind === 'library' ? layerParameters(object) : undefined
  if (parameters) return name in parameters || name.startsWith('_') || layerMembers.has(name) ? undefined : false
  if (base === 'mlx.nn.Module') return false
  const settings = object.of.kind === 'library' ? settingsOf(base.replace('mlx.nn.', '')) : undefined
  return settings && !settings.has(name) && !name.startsWith('_') ? false : undefined
}

/** What layers without parameters have: their settings, under the names of their constructor's arguments or other ones. */
function settingsOf(layer: string): ReadonlySet<string> | undefined {
  const parts = partsOfLayers[layer]
  const given = bareLayers.test(layer) ? (layerArguments[layer] ?? []) : parts
  return given && new Set([...given, ...layerMembers, 'scale', 'base', 'dims', 'layers', 'nonlinearity'])
}

/** Layers that are made of others, with the names of those. */
const partsOfLayers: Readonly<Record<string, readonly string[]>> = {
  MultiHeadAttention: 'query_proj key_proj value_proj out_proj num_heads create_additive_causal_mask'.split(' '),
}

/** Layers without parameters and without parts. */
const bareLayers =
  /^(SiLU|GELU|ReLU6?|ReLU2|Sigmoid|Tanh|Mish|Softplus|Softsign|Dropout[23]?d?|RoPE|Identity|Upsample|SinusoidalPositionalEncoding|(Avg|Max)Pool[123]d)$/

/** Members of every `nn.Module` of the binding for Node, and of every object. Source: lib/nn/layers/base.ts of 0.0.7. */
const scriptMembers: ReadonlySet<string> = new Set(
  (
    'apply applyToModules children eval filterAndMap freeze items leafModules loadWeights modules namedModules parameters ' +
    'saveWeights setDtype state toStringExtra train trainableParameters training unfreeze update updateModules validateKeys'
  ).split(' '),
)

/** `name in object` of an object of a class, in JavaScript; undefined where its class is not known well enough. */
export function hasScriptMember(object: InstanceValue, name: string): boolean | undefined {
  if (object.attributes.has(name) || name in Object.prototype || findMember(object.of, name)) return true
  const parameters = layerParameters(object)
  if (parameters && /^(weight|bias|scales|biases)$/.test(name)) return name in parameters
  if (parameters && name === 'toQuantized') return /\.nn\.(Linear|Embedding)$/.test(libraryBase(object.of) ?? '')
  if (object.isShared || object.standsFor || object.isMade !== true) return undefined
  const order = object.of.kind === 'class' ? classOrder(object.of) : undefined
  if (!order || !order.every(one => one.kind === 'class' || one.name === 'frost.nn.Module')) return undefined
  return order.some(one => one.kind === 'library') && scriptMembers.has(name)
}

/** Attributes of a dict and of those made like it: counters, ordered dicts, the archives of NumPy. */
const dictMembers: ReadonlySet<string> = new Set(
  (
    'clear copy fromkeys get items keys pop popitem setdefault update values move_to_end most_common elements subtract ' +
    'total default_factory files close f zip fid allow_pickle max_header_size maps parents new_child'
  ).split(' '),
)

/** Whether a dict of Python may have an attribute of this name. */
export const isDictMember = (name: string): boolean => name.startsWith('_') || dictMembers.has(name)
