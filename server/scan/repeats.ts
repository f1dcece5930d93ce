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
  const suspects = take(count << 2)
  const many = suspectsTo(suspects)
  const size = powerOfTwo(many << 1)
  const mask = size - 1
  // Place + 1 by hash, 0 where free.
  const slots = takeZeros(size << 2)
  repeats = take(many << 3)
  let found = 0
  let probes: i64 = <i64>many * maxProbes + 1000
  for (let number: usize = 0; number < many; number++) {
    const place: usize = load<u32>(suspects + (number << 2))
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

/**
 * Of places, those that share the lowest bits of their hash with another: few, and told apart in little memory, where a table
 * of all would be beyond the processor's cache.
 */
function suspectsTo(list: usize): usize {
  const size = powerOfTwo(count << 3)
  const mask = size - 1
  // A bit for what the lowest bits can be, set where they are met; and where they are met again.
  const met = takeZeros(size >> 3)
  const again = takeZeros(size >> 3)
  for (let place: usize = 0; place < count; place++) {
    const bit = (<usize>load<i32>(hashes + (place << 2))) & mask
    const at = met + (bit >> 3)
    const one: u32 = 1 << ((<u32>bit) & 7)
    const held: u32 = load<u8>(at)
    if (held & one) store<u8>(again + (bit >> 3), load<u8>(again + (bit >> 3)) | one)
    else store<u8>(at, held | one)
  }
  let many: usize = 0
  for (let place: usize = 0; place < count; place++) {
    const bit = (<usize>load<i32>(hashes + (place << 2))) & mask
    if (((load<u8>(again + (bit >> 3)) >> ((<u8>bit) & 7)) & 1) === 0) continue
    store<u32>(list + (many << 2), <u32>place)
    many++
  }
  return many
}
