// The memory of an instance: the text first, what is made of it behind. Addresses are handed out in rising order and all
// given back when the next text comes.

/** A text is followed by so many bytes of zero: what is read word by word, or looks for an end, stops there. */
export const padding: usize = 16

let free: usize = 0

/** Begins anew: where a text of so many bytes goes. Behind it and its padding is room for `more`. */
export function openText(length: usize, more: usize): usize {
  const text = (__heap_base + 7) & ~7
  free = text
  take(length + padding + more)
  memory.fill(text + length, 0, padding)
  return text
}

/** So many bytes, which hold anything. Pages that are not touched cost nothing. */
export function take(bytes: usize): usize {
  const at = free
  free = (at + bytes + 7) & ~7
  const held = (<usize>memory.size()) << 16
  if (free > held && memory.grow(<i32>((free - held + 0xffff) >> 16)) < 0) unreachable()
  return at
}

/** So many bytes of zeros. */
export function takeZeros(bytes: usize): usize {
  const at = take(bytes)
  memory.fill(at, 0, bytes)
  return at
}

/** The power of two that is at least so large. */
export function powerOfTwo(atLeast: usize): usize {
  let size: usize = 8
  while (size < atLeast) size <<= 1
  return size
}
