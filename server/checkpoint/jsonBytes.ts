// Walks over JSON in bytes without making a value: every method takes the position where something begins and gives
// the position behind it, or -1. It accepts exactly what the Rust reference's JSON parser (serde_json) accepts; what
// the values mean is left to others. It keeps no stack frames, so no nesting can exhaust it.

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const colon = 0x3a
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d

const literals = ['true', 'false', 'null'].map(word => new TextEncoder().encode(word))

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

export class JsonBytes {
  /** Where the first error is, or -1. */
  failedAt = -1
  /** What should have stood there. */
  expected = ''
  /** Some string held a byte of 0x80 or more, so the header still has to be checked for UTF-8. */
  nonAscii = false
  /** The string that was walked over last has an escape. */
  escaped = false
  /** The deepest nesting met so far. */
  deepest = 0

  constructor(readonly bytes: Uint8Array) {}

  /** Remembers the first error. Always -1. */
  fail(at: number, expected: string): -1 {
    if (this.failedAt < 0) {
      this.failedAt = at
      this.expected = expected
    }
    return -1
  }

  /** Behind the white space that begins at `at`, if any. */
  space(at: number): number {
    const { bytes } = this
    let i = at
    for (;;) {
      const c = bytes[i]
      if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return i
      i++
    }
  }

  /** Behind the byte `code`, with white space before it allowed. */
  punctuation(at: number, code: number): number {
    const i = this.space(at)
    return this.bytes[i] === code ? i + 1 : this.fail(i, `"${String.fromCharCode(code)}"`)
  }

  /** `at` is where the opening quote should be. */
  string(at: number): number {
    const { bytes } = this
    this.escaped = false
    if (bytes[at] !== quote) return this.fail(at, 'a string')
    let i = at + 1
    for (;;) {
      const c = bytes[i] ?? 0
      if (c === quote) return i + 1
      if (c < 0x20) return this.fail(i, 'the end of the string that begins at byte ' + at)
      if (c === backslash) {
        this.escaped = true
        i = this.escape(i)
        if (i < 0) return -1
      } else {
        if (c >= 0x80) this.nonAscii = true
        i++
      }
    }
  }

  /** Any value; `depth` is the number of containers already open around it. */
  value(at: number, depth: number): number {
    const { bytes } = this
    const open: number[] = []
    let i = this.space(at)
    for (;;) {
      // Here a value must begin.
      const c = bytes[i] ?? 0
      if (c === openBrace || c === openBracket) {
        open.push(c)
        if (depth + open.length > this.deepest) this.deepest = depth + open.length
        i = this.space(i + 1)
        const close = c === openBrace ? closeBrace : closeBracket
        if (bytes[i] !== close) {
          if (c === openBrace) i = this.key(i)
          if (i < 0) return -1
          continue
        }
      } else {
        i = c === quote ? this.string(i) : c === 0x2d || (c >= 0x30 && c <= 0x39) ? this.number(i) : this.literal(i)
        if (i < 0) return -1
        if (open.length === 0) return i
        i = this.space(i)
      }
      // Here a value has ended, or a container is about to.
      for (;;) {
        const container = open[open.length - 1]
        if (container === undefined) return i
        const close = container === openBrace ? closeBrace : closeBracket
        if (bytes[i] === close) {
          open.pop()
          if (open.length === 0) return i + 1
          i = this.space(i + 1)
          continue
        }
        if (bytes[i] !== comma) return this.fail(i, `"," or "${String.fromCharCode(close)}"`)
        i = this.space(i + 1)
        if (container === openBrace) i = this.key(i)
        if (i < 0) return -1
        break
      }
    }
  }

  /** The text between two positions. */
  text(start: number, end: number): string {
    return decoder.decode(this.bytes.subarray(start, end))
  }

  /** A key and its colon: to the first byte of the value. */
  private key(at: number): number {
    const end = this.string(at)
    if (end < 0) return -1
    const behind = this.punctuation(end, colon)
    return behind < 0 ? -1 : this.space(behind)
  }

  private literal(at: number): number {
    for (const word of literals) {
      if (word.every((code, i) => this.bytes[at + i] === code)) return at + word.length
    }
    return this.fail(at, 'a value')
  }

  private number(at: number): number {
    const { bytes } = this
    let i = bytes[at] === 0x2d ? at + 1 : at
    const first = i
    i = this.digits(i)
    if (i < 0) return -1
    if (bytes[first] === 0x30 && i > first + 1) return this.fail(first + 1, 'a number without leading zeros')
    const whole = i - first
    if (bytes[i] === 0x2e) i = this.digits(i + 1)
    if (i < 0) return -1
    const exponent = bytes[i] === 0x65 || bytes[i] === 0x45
    if (exponent) {
      const sign = bytes[i + 1] === 0x2b || bytes[i + 1] === 0x2d ? 1 : 0
      i = this.digits(i + 1 + sign)
      if (i < 0) return -1
    }
    if ((exponent || whole > 308) && !Number.isFinite(Number(this.text(at, i)))) {
      return this.fail(at, 'a number within the range of a double')
    }
    return i
  }

  private digits(at: number): number {
    let i = at
    for (;;) {
      const c = this.bytes[i] ?? 0
      if (c < 0x30 || c > 0x39) break
      i++
    }
    return i > at ? i : this.fail(at, 'a digit')
  }

  private escape(at: number): number {
    const c = this.bytes[at + 1] ?? 0
    if ('"\\/bfnrt'.includes(String.fromCharCode(c)) && c !== 0) return at + 2
    if (c !== 0x75) return this.fail(at, 'an escape that JSON knows')
    const unit = this.hex(at + 2)
    if (unit < 0) return this.fail(at, 'four hexadecimal digits')
    if (unit >= 0xdc00 && unit <= 0xdfff) return this.fail(at, 'a surrogate pair')
    if (unit < 0xd800 || unit > 0xdbff) return at + 6
    const low = this.bytes[at + 6] === backslash && this.bytes[at + 7] === 0x75 ? this.hex(at + 8) : -1
    return low >= 0xdc00 && low <= 0xdfff ? at + 12 : this.fail(at, 'a surrogate pair')
  }

  /** The value of four hexadecimal digits, or -1. */
  private hex(at: number): number {
    let unit = 0
    for (let i = at; i < at + 4; i++) {
      const digit = parseInt(String.fromCharCode(this.bytes[i] ?? 0), 16)
      if (Number.isNaN(digit)) return -1
      unit = unit * 16 + digit
    }
    return unit
  }
}
