// Whether the layers that are stored can be those of the type that config.json gives: a config that was taken from another
// model, or a model_type that a conversion got wrong. Told of whole language models by what every layer of a type has
// (layerParts.ts), and for types whose layers hold nothing besides, by what they have too much.

import type { JsonFile, Model } from '../checkpoint/facts'
import { moduleKinds } from '../checkpoint/moduleKinds'
import { groupBy } from '../util/groupBy'
import { type Anatomy, anatomyOf } from './anatomy'
import { expertsOf, languageModelOf } from './families'
import { knownTypes, layerParts } from './layerParts'
import { sectionOf, stated as sizeStated } from './sizes'

export interface OtherType {
  /** What config.json says. */
  readonly type: string
  /** Modules of the type that no layer has. */
  readonly absent: readonly string[]
  /** Modules that layers of the type do not have. */
  readonly extra: readonly string[]
  /** What stands in the layers besides what the type has for certain. */
  readonly foreign: readonly string[]
  /** Types whose layers have just these modules. */
  readonly fitting: readonly string[]
}

/** Types whose layers hold their parts and nothing else, in mlx-lm 0.32.2 and in transformers 5.24. */
const closed: ReadonlySet<string> = new Set(
  (
    'llama mistral ministral3 qwen2 qwen3 granite smollm3 seed_oss gemma gemma2 gemma3_text helium internlm3 ernie4_5 ' +
    'olmo2 olmo3 exaone4 cohere2 phi3 glm glm4 nemotron starcoder2'
  ).split(' '),
)

/** Names that some known type gives a module: any other may be of a tool, and is not judged. */
const judged: ReadonlySet<string> = new Set(knownTypes.flatMap(type => layerParts(type) ?? []))

/** So many modules that the type does not know make another architecture of what lacks the type's own. */
const fewestForeign = 3

const cache = new WeakMap<Model, OtherType | undefined>()

/** What is stored instead of the type of a config; undefined where it may well be that type. */
export function otherTypeOf(model: Model, file: JsonFile): OtherType | undefined {
  if (!cache.has(model)) cache.set(model, examine(model, file))
  return cache.get(model)
}

function examine(model: Model, file: JsonFile): OtherType | undefined {
  const known = languageModelOf(file)
  const parts = known && layerParts(known.name)
  if (!parts) return undefined
  const anatomy = anatomyOf(model)
  if (!anatomy?.prefix || anatomy.layers.size < 2)
    return isWrapper(file) ? undefined : stranger(model, known.type, parts)
  if (!anatomy.embedding || !anatomy.norm) return undefined
  const stored = storedIn(model, anatomy)
  const absent = [...parts.filter(part => !stored.has(part)), ...lackedExperts(stored, file, known.name)]
  const extra = extraIn(stored, known.name)
  if (absent.length + extra.length === 0) return undefined
  const fitting = knownTypes.filter(type => fits(stored, type))
  const foreign = foreignTo(stored, parts)
  if (fitting.length === 0 && extra.length === 0 && foreign.length < fewestForeign) return undefined
  return { type: known.type, absent, extra, foreign, fitting }
}

/** A text model of the type, none of whose parts is stored under any prefix, and layers of another kind in their place. */
function stranger(model: Model, type: string, parts: readonly string[]): OtherType | undefined {
  const patterns = moduleKinds(model).map(({ pattern }) => pattern)
  if (patterns.some(pattern => parts.some(part => `${pattern}.`.includes(`layers.#.${part}.`)))) return undefined
  const stacks = groupBy(
    moduleKinds(model).filter(({ pattern }) => pattern.includes('.#.')),
    ({ pattern }) => pattern.slice(0, pattern.indexOf('.#.')),
  )
  for (const kinds of stacks.values()) {
    const foreign = [...new Set(kinds.map(({ pattern }) => pattern))].filter(pattern => !/expert/.test(pattern))
    if (foreign.length > fewestForeign && kinds.every(({ count }) => count > 1))
      return { type, absent: parts, extra: [], foreign, fitting: [] }
  }
  return undefined
}

const isWrapper = (file: JsonFile): boolean => (sectionOf(file, 'text') ?? []).length > 0

/** Modules that are not among the parts, but for what any layer may have. */
const foreignTo = (stored: ReadonlySet<string>, parts: readonly string[]): readonly string[] =>
  [...stored].filter(part => !parts.includes(part) && !/expert|switch_mlp|norm|rotary/.test(part))

/** The experts of a type that has them, where its config counts them and none is stored. */
function lackedExperts(stored: ReadonlySet<string>, file: JsonFile, type: string): readonly string[] {
  const experts = expertsOf(type)
  if (!experts || hasExperts(stored) || !sizeStated(file, 'text', ...experts.count)) return []
  return [`${experts.at}.experts`]
}

const hasExperts = (stored: ReadonlySet<string>): boolean =>
  [...stored].some(part => /(^|\.)(experts|switch_mlp)(\.|$)/.test(part))

/** The modules below the layers: paths that any layer has. */
function storedIn(model: Model, { prefix }: Anatomy): ReadonlySet<string> {
  const start = `${prefix}layers.#.`
  return new Set(
    moduleKinds(model).flatMap(({ pattern, members }) =>
      pattern.startsWith(start) && [...members.keys()].some(parameter => !/^(bias|biases|scales)$/.test(parameter))
        ? [pattern.slice(start.length)]
        : [],
    ),
  )
}

function extraIn(stored: ReadonlySet<string>, type: string): readonly string[] {
  const parts = layerParts(type) ?? []
  return closed.has(type) ? [...stored].filter(part => judged.has(part) && !parts.includes(part)) : []
}

/** Whether all that layers of a type have is there, and experts where it has them, and nothing that it does not have. */
function fits(stored: ReadonlySet<string>, type: string): boolean {
  const parts = layerParts(type) ?? []
  const experts = expertsOf(type)
  if (!parts.every(part => stored.has(part))) return false
  if (!hasExperts(stored))
    return closed.has(type) && extraIn(stored, type).length === 0 && foreignTo(stored, parts).length === 0
  return experts !== undefined && stored.has(experts.router) && [...stored].some(part => isExpertOf(part, experts.at))
}

const isExpertOf = (part: string, at: string): boolean =>
  part.startsWith(`${at}.experts`) || part.startsWith(`${at}.switch_mlp`)
