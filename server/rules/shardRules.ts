// A shard that is not a sound safetensors file: one rule for each fault that a user may want to rank by itself, and one
// table that says which. What is wrong, and which reader refuses it, is worked out where the header is read.

import type { Shard, ShardProblem, ShardProblemKind } from '../checkpoint/facts'
import type { Severity } from '../protocol'
import { becauseLoads, type Player, type Players, playersOf, severityOf } from './players'
import { defineRule, type Draft, type Facts, type Rule } from './rule'
import { baseName, count, fileStart } from './show'

const titles = {
  'not-safetensors': 'The file is no safetensors file',
  'unreadable-shard': 'A shard cannot be read',
  'truncated-shard': 'A shard is cut short',
  'bad-header': 'The header of a shard is damaged',
  'bad-tensor-entry': 'A header entry describes no tensor',
  'unknown-dtype': 'A tensor has a dtype that the format does not know',
  'unsupported-dtype': 'A tensor has a dtype that MLX cannot read',
  'tensor-size-mismatch': 'A tensor takes more or fewer bytes than its shape needs',
  'overlapping-tensors': 'Two tensors share bytes',
  'tensor-gap': 'There is a hole between two tensors',
  'trailing-bytes': 'There are bytes behind the last tensor',
  'duplicate-tensor-name': 'A header names a tensor twice',
  'unaligned-data': 'A tensor begins off its element size',
  'empty-shard': 'A shard has no tensors',
  'too-large-to-read': 'A shard goes beyond what is read here',
} as const

export type ShardRuleId = keyof typeof titles

/** Which rule speaks of which kind of problem. */
const ruleOf: Readonly<Record<ShardProblemKind, ShardRuleId>> = {
  'empty-file': 'not-safetensors',
  'lfs-pointer': 'not-safetensors',
  'apple-double': 'not-safetensors',
  'html-page': 'not-safetensors',
  'json-text': 'not-safetensors',
  'zip-archive': 'not-safetensors',
  pickle: 'not-safetensors',
  gguf: 'not-safetensors',
  'numpy-array': 'not-safetensors',
  hdf5: 'not-safetensors',
  gzip: 'not-safetensors',
  'all-zero': 'not-safetensors',
  unreadable: 'unreadable-shard',
  'too-small': 'truncated-shard',
  'header-past-end': 'truncated-shard',
  'past-end': 'truncated-shard',
  'header-too-large': 'bad-header',
  'header-not-utf8': 'bad-header',
  'header-not-json': 'bad-header',
  'bad-metadata': 'bad-header',
  'bad-entry': 'bad-tensor-entry',
  'bad-offsets': 'bad-tensor-entry',
  'size-overflow': 'bad-tensor-entry',
  'not-byte-aligned': 'bad-tensor-entry',
  'unknown-dtype': 'unknown-dtype',
  'dtype-not-in-mlx': 'unsupported-dtype',
  'size-mismatch': 'tensor-size-mismatch',
  overlap: 'overlapping-tensors',
  hole: 'tensor-gap',
  'trailing-bytes': 'trailing-bytes',
  'duplicate-name': 'duplicate-tensor-name',
  unaligned: 'unaligned-data',
  'no-tensors': 'empty-shard',
  'too-many-tensors': 'too-large-to-read',
  'too-many-dimensions': 'too-large-to-read',
}

const usually: Partial<Record<ShardRuleId, Severity>> = {
  'duplicate-tensor-name': 'information',
  'unaligned-data': 'information',
  'empty-shard': 'information',
  'too-large-to-read': 'information',
}

export const shardRules: readonly Rule<ShardRuleId>[] = (Object.keys(titles) as ShardRuleId[]).map(id =>
  defineRule({
    id,
    severity: usually[id] ?? 'error',
    title: titles[id],
    *check(facts) {
      for (const model of facts.models)
        for (const shard of model.shards)
          for (const problem of shard.problems)
            if (ruleOf[problem.kind] === id) yield draft(playersOf(facts, model), shard, problem)
      if (id === 'empty-shard') yield* withoutElements(facts)
    },
  }),
)

function draft(players: Players, shard: Shard, problem: ShardProblem): Draft {
  const { rust, mlx } = problem.refusedBy
  const hurt: Player[] = [
    ...(mlx ? (['mlx', 'mlx-lm'] as const) : []),
    ...(rust ? (['rust', 'transformers'] as const) : []),
  ]
  const isHidden = baseName(shard.path).startsWith('.')
  const opened = becauseLoads(players, shard.path)
  const by = (reader: 'mlx' | 'rust') => players.loads.some(l => l.shard === shard && l.reader === reader)
  // Nobody opens a hidden file who does not list every file himself.
  const severity = isHidden
    ? (rust && by('rust')) || (mlx && by('mlx'))
      ? 'error'
      : 'warning'
    : severityOf(players, hurt)
  const who = isHidden
    ? 'mlx-lm and transformers pass over it, a loader that opens every *.safetensors stops there'
    : whoRefuses(problem)
  return {
    path: shard.path,
    range: fileStart,
    severity: rust || mlx ? severity : 'information',
    message: `${problem.message}; ${who}`,
    tensors: problem.tensors,
    because: opened.length > 0 ? opened : becauseLoads(players),
  }
}

/** Checked by MLX only since 0.31.2. */
const checkedLate: ReadonlySet<ShardProblemKind> = new Set(['past-end', 'size-mismatch'])

function whoRefuses({ kind, refusedBy: { rust, mlx } }: ShardProblem): string {
  const late = checkedLate.has(kind) ? ' (before 0.31.2 it read the wrong bytes without a word)' : ''
  if (rust && mlx) return `MLX${late} and the safetensors library (transformers, PyTorch) refuse the file`
  if (rust) return 'the safetensors library (transformers, PyTorch) refuses the file, MLX reads it without a word'
  return mlx
    ? `MLX${late} refuses the file, the safetensors library reads it`
    : 'MLX and the safetensors library read it all the same'
}

/** Models that have tensors, and no element in any: a header without its data, or a save that went wrong. */
function* withoutElements({ models }: Facts): Iterable<Draft> {
  for (const { shards } of models) {
    const [first] = shards
    const isEmpty = ({ tensors, dataBytes, problems }: Shard) =>
      tensors.count > 0 && dataBytes === 0 && problems.length === 0
    if (!first || !shards.every(isEmpty)) continue
    yield {
      path: first.path,
      range: fileStart,
      message: `no tensor of the model has an element: ${count(first.tensors.count, 'tensor')} of no size, ${first.tensors.nameAt(0)} among them; every reader takes the file, and there is nothing in it`,
      tensors: [...first.tensors.names()],
    }
  }
}
