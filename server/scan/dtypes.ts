// The dtypes by name; checkpoint/dtype.ts knows them and hands them over.

/** All names are shorter. */
const longest: usize = 8
const most: i32 = 64
/** Of each its name, as a word of eight bytes with zeros behind. */
const names = memory.data(most << 3)
const sizes = memory.data(most << 3)
let count: i32 = 0

/** Adds the next dtype, by the bytes of its name and the bits of an element. */
export function addDtype(name: u64, bits: u64): void {
  if (count === most) unreachable()
  store<u64>(names + ((<usize>count) << 3), name)
  store<u64>(sizes + ((<usize>count) << 3), bits)
  count++
}

/** The number of a dtype, or -1. */
export function dtypeOf(name: usize, nameEnd: usize): i32 {
  const length = nameEnd - name
  if (length === 0 || length > longest) return -1
  const word = load<u64>(name) & ((<u64>-1) >> ((longest - length) << 3))
  for (let i = 0; i < count; i++) if (load<u64>(names + ((<usize>i) << 3)) === word) return i
  return -1
}

export function dtypeBits(dtype: i32): u64 {
  return load<u64>(sizes + ((<usize>dtype) << 3))
}
