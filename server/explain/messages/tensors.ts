// Stored tensors and files that a message names outright: parameters, shapes of plain matrices, dtypes, files.

import type { Model, Shard, Tensor } from '../../checkpoint/facts'
import type { Because } from '../../protocol'
import { baseName, fileStart, showTensor } from '../../rules/show'
import { code, prose, type ShowPath } from '../markdown'
import { isNamed } from './candidates'
import type { Recognised } from './index'
import { grouped } from '../../util/numbers'

export interface Named {
  /** Markdown, one line each. */
  readonly lines: readonly string[]
  readonly places: readonly Because[]
}

/** More than this is counted. */
const most = 8

/** What the models hold of what a message names; no lines where it names nothing. */
export function namedIn(models: readonly Model[], { reading }: Recognised, show: ShowPath): Named {
  const lines: string[] = []
  const places: Because[] = []
  const key = reading.text('key')
  const names = key !== undefined ? [key] : reading.names
  if (names.length > 0) tensorsNamed(models, names, show, lines, places)
  const file = reading.text('file')
  if (file !== undefined) filesNamed(models, file, show, lines, places)
  const dtype = reading.text('dtype')
  if (dtype !== undefined && /^[A-Z]/.test(dtype))
    matching(models, t => t.dtype === dtype, `are ${code(dtype)}`, show, lines, places)
  const shape = reading.shape('x')
  if (shape && shape.length > 1)
    matching(
      models,
      t => t.shape.join() === shape.join(),
      `are stored in the shape [${shape.join(', ')}]`,
      show,
      lines,
      places,
    )
  return { lines, places }
}

function tensorsNamed(
  models: readonly Model[],
  names: readonly string[],
  show: ShowPath,
  lines: string[],
  places: Because[],
): void {
  let found = 0
  const missing: string[] = []
  for (const name of names) {
    const hits = models.flatMap(model =>
      model.shards.flatMap(shard => findNamed(shard, name).map(tensor => ({ shard, tensor }))),
    )
    if (hits.length === 0) missing.push(name)
    else found++
    for (const { shard, tensor } of hits.slice(0, 2)) {
      if (places.length >= most) break
      const other = tensor.name === name ? '' : ` (the message calls it ${code(name)}: a prefix differs)`
      lines.push(`${code(tensor.name)} is stored as ${showTensor(tensor)} in ${code(show(shard.path))}${other}`)
      places.push(placeOf(shard, tensor))
    }
  }
  if (names.length > 1) lines.push(`${found} of the ${names.length} names that are listed are stored here`)
  if (missing.length > 0)
    lines.push(
      `not stored here: ${missing.slice(0, most).map(code).join(', ')}${missing.length > most ? ` and ${missing.length - most} more` : ''}`,
    )
}

function findNamed(shard: Shard, name: string): Tensor[] {
  const exact = shard.tensors.find(name)
  if (exact) return [exact]
  const parts = name.split('.')
  // A prefix that sanitize took away or added: shorter tails of the name, then longer names that end so.
  for (let i = 1; i < parts.length - 1; i++) {
    const tensor = shard.tensors.find(parts.slice(i).join('.'))
    if (tensor) return [tensor]
  }
  for (let i = 0; i < shard.tensors.count; i++)
    if (isNamed(shard.tensors.nameAt(i), name)) return [shard.tensors.tensorAt(i)]
  return []
}

function filesNamed(models: readonly Model[], file: string, show: ShowPath, lines: string[], places: Because[]): void {
  for (const shard of models.flatMap(m => m.shards)) {
    if (baseName(shard.path) !== baseName(file)) continue
    const [problem] = shard.problems
    lines.push(
      `${code(show(shard.path))}: ${problem ? prose(problem.message) : `${grouped(shard.sizeBytes)} bytes, nothing wrong with its header now`}`,
    )
    places.push({ path: shard.path, range: fileStart, message: problem?.message ?? 'the file of the message' })
    if (places.length >= most) return
  }
}

function matching(
  models: readonly Model[],
  test: (tensor: Tensor) => boolean,
  what: string,
  show: ShowPath,
  lines: string[],
  places: Because[],
): void {
  const hits: { shard: Shard; tensor: Tensor }[] = []
  for (const shard of models.flatMap(m => m.shards))
    for (let i = 0; i < shard.tensors.count; i++) {
      const tensor = shard.tensors.tensorAt(i)
      if (test(tensor)) hits.push({ shard, tensor })
    }
  if (hits.length === 0) return
  const shown = hits.slice(0, most)
  lines.push(
    `${hits.length} ${hits.length === 1 ? 'tensor is' : `tensors ${what}`}${hits.length === 1 ? what.replace(/^are/, '') : ''}: ${shown.map(({ tensor, shard }) => `${code(tensor.name)} in ${code(show(shard.path))}`).join(', ')}${hits.length > most ? ` and ${hits.length - most} more` : ''}`,
  )
  for (const { shard, tensor } of shown) places.push(placeOf(shard, tensor))
}

export const placeOf = (shard: Shard, tensor: Tensor): Because => ({
  path: shard.path,
  range: fileStart,
  message: `${tensor.name} is stored ${showTensor(tensor)}`,
  tensor: tensor.name,
})
