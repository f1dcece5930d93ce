// Which of many hashes are there more than once.

import { openText, powerOfTwo, take, takeZeros } from './room'

let hashes: usize = 0
let count: usize = 0
/** Where the places are that `findRepeats` counts. */
export let repeats: usize = 0

/** Begins a list of so many hashes: where they go. */
export function openHashes(length: usize): usize {
  count = length
  hashes = openText(length << 2, 0)
  return hashes
}

/** Honest hashes need about two probes each; this many for each of them is an attack. */
const maxProbes: i64 = 32

/**
 * Finds the places whose hash comes again, and those where it does: how many, of which some may be the same; -1 where the
 * hashes were made to collide.
 */
export function findRepeats(): i32 {
  const size = powerOfTwo(count << 1)
  const mask = size - 1
  // Place + 1 by hash, 0 where free.
  const slots = takeZeros(size << 2)
  repeats = take(count << 3)
  let found = 0
  let probes: i64 = <i64>count * maxProbes + 1000
  for (let place: usize = 0; place < count; place++) {
    const hash = load<i32>(hashes + (place << 2))
    let slot = (<usize>hash) & mask
    while (true) {
      if (--probes < 0) return -1
      const held: usize = load<u32>(slots + (slot << 2))
      if (held === 0) {
        store<u32>(slots + (slot << 2), <u32>place + 1)
        break
      }
      if (load<i32>(hashes + ((held - 1) << 2)) === hash) {
        store<u32>(repeats + ((<usize>found) << 2), <u32>held - 1)
        store<u32>(repeats + ((<usize>found) << 2), <u32>place, 4)
        found += 2
        break
      }
      slot = (slot + 1) & mask
    }
  }
  return found
}
