// Collects what is wrong with a shard, one problem for each cause, however many tensors it concerns.

import type { RefusedBy, ShardProblem, ShardProblemKind } from './facts'

export const nobody: RefusedBy = { rust: false, mlx: false }
export const rustOnly: RefusedBy = { rust: true, mlx: false }
export const mlxOnly: RefusedBy = { rust: false, mlx: true }
export const both: RefusedBy = { rust: true, mlx: true }

export class ProblemList {
  private readonly groups = new Map<
    string,
    { kind: ShardProblemKind; refusedBy: RefusedBy; messages: string[]; tensors: string[] }
  >()

  /** A problem of the whole file; `tensors` are lost by it. */
  add(kind: ShardProblemKind, refusedBy: RefusedBy, message: string, tensors: readonly string[] = []): void {
    const group = this.group(kind, refusedBy)
    group.messages.push(message)
    for (const tensor of tensors) group.tensors.push(tensor)
  }

  /** A problem of one tensor; tensors with the same kind of problem share one entry, worded by the first. */
  addTensor(kind: ShardProblemKind, refusedBy: RefusedBy, tensor: string, says: () => string): void {
    const group = this.group(kind, refusedBy)
    if (group.messages.length === 0) group.messages.push(`${JSON.stringify(tensor)} ${says()}`)
    group.tensors.push(tensor)
  }

  get isEmpty(): boolean {
    return this.groups.size === 0
  }

  problems(): readonly ShardProblem[] {
    return [...this.groups.values()].map(({ kind, refusedBy, messages, tensors }) => {
      const more = messages.length === 1 ? tensors.length - 1 : 0
      const isShared = more > 0 && messages[0]?.startsWith('"') === true
      const rest = isShared ? ` (and so with ${more} more ${more === 1 ? 'tensor' : 'tensors'})` : ''
      return { kind, refusedBy, message: messages.join('; ') + rest, tensors }
    })
  }

  private group(kind: ShardProblemKind, refusedBy: RefusedBy): { messages: string[]; tensors: string[] } {
    const key = `${kind} ${refusedBy.rust} ${refusedBy.mlx}`
    const found = this.groups.get(key)
    if (found) return found
    const made = { kind, refusedBy, messages: [], tensors: [] }
    this.groups.set(key, made)
    return made
  }
}
