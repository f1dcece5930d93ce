// What JSON is made of, as far as it is written plainly. A position of 0 says that there is something else.

/** Behind the white space at `at`, if any. */
export function space(at: usize): usize {
  let i = at
  while (isSpace(load<u8>(i))) i++
  return i
}

function isSpace(byte: u32): bool {
  return byte <= 0x20 && (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09)
}

/** More digits than this may not fit a double exactly. */
const maxDigits: usize = 15

/** What `whole` read. */
export let number: u64 = 0

/** Behind a whole number without a sign, a fraction, an exponent or leading zeros. */
export function whole(at: usize): usize {
  let i = at
  let value: u64 = 0
  while (true) {
    const digit: u32 = <u32>load<u8>(i) - 0x30
    if (digit > 9) break
    value = value * 10 + digit
    i++
  }
  const digits = i - at
  if (digits === 0 || digits > maxDigits || (digits > 1 && load<u8>(at) === 0x30)) return 0
  number = value
  return i
}

/** The first byte of the value behind a colon. */
export function behindColon(at: usize): usize {
  const i = space(at)
  return load<u8>(i) === 0x3a ? space(i + 1) : 0
}

/** Some string so far held a byte of 0x80 or more. */
export let nonAscii: bool = false

export function forgetStrings(): void {
  nonAscii = false
}

/** The closing quote of a string without escapes, of which `from` is the first byte; 0 where it has some or does not end. */
export function closingQuote(from: usize): usize {
  let i = from
  let seen: u32 = 0
  while (true) {
    const c: u32 = load<u8>(i)
    if (c === 0x22) break
    if (c < 0x20 || c === 0x5c) return 0
    seen |= c
    i++
  }
  if (seen >= 0x80) nonAscii = true
  return i
}
