// Scales and biases that arrive in another's place, told by what the program itself calls them: the key that it
// holds them under, or where `quantize` gave them. For arrays whose stored names are gone: stacked, sliced, packed anew.

import { placeKey, type Sink } from '../interp/run/machine'
import type { ArrayValue, Role } from '../interp/values/value'
import type { Draft } from './rule'
import { rangeOf } from './show'
import { swapFix } from './swapFix'

export interface Misplaced {
  readonly sink: Sink
  /** Which place they arrive at → what they are. */
  readonly members: ReadonlyMap<Role, Role>
}

/** Operations that are sure to be reached and get a member in another's place in every reading. */
export const misplaced = (sinks: readonly Sink[]): readonly Misplaced[] =>
  sinks.flatMap(sink => {
    if (sink.uncertain) return []
    const members = new Map<Role, Role>()
    for (const place of ['scales', 'biases'] as const) {
      const role = roleIn(sink[place])
      if (role && role !== 'weight' && role !== place) members.set(place, role)
    }
    return members.size > 0 ? [{ sink, members }] : []
  })

/** The role that all readings of an array have. */
function roleIn(array: ArrayValue | undefined): Role | undefined {
  const role = array?.variants[0]?.role
  return array?.variants.every(v => v.role === role) ? role : undefined
}

export function misplacedDraft({ sink, members }: Misplaced): Draft {
  const told = [...members].map(([place, role], i) => `the ${role} arrive${i > 0 ? '' : ` at ${sink.op}`} as ${place}`)
  const places = [...members.keys()].flatMap(place => sink[place]?.at ?? [])
  const isSwap = members.get('scales') === 'biases' && members.get('biases') === 'scales'
  return {
    path: sink.call.program.path,
    range: rangeOf(sink.call),
    message: `${told.join(' and ')}; where the shapes agree MLX decodes to wrong numbers without an error`,
    tensors: [],
    because: places
      .filter(at => placeKey(at) !== placeKey(sink.call))
      .map(at => ({ path: at.program.path, range: rangeOf(at), message: 'it comes from here' })),
    fixes: isSwap ? swapFix(sink.arguments.scales, sink.arguments.biases, 'scales and biases') : [],
  }
}
