// Draws the operands of random operations, as the text of Python. The same seed draws the same text.

/** Dtypes as MLX names them. */
export const floats = ['float16', 'bfloat16', 'float32'] as const
export const whole = ['uint8', 'uint16', 'uint32', 'uint64', 'int8', 'int16', 'int32', 'int64'] as const
const rare = ['bool_', 'complex64'] as const

type Shape = readonly number[]

/** A seeded stream of choices. */
export class Draw {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** A whole number from `low` up to and including `high` (mulberry32). */
  int(low: number, high: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return low + (((t ^ (t >>> 14)) >>> 0) % (high - low + 1))
  }

  chance(percent: number): boolean {
    return this.int(1, 100) <= percent
  }

  pick<T>(items: readonly T[]): T {
    return items[this.int(0, items.length - 1)] as T
  }

  times<T>(count: number, one: (i: number) => T): T[] {
    return Array.from({ length: count }, (_, i) => one(i))
  }

  size(): number {
    return this.chance(3) ? 0 : this.pick([1, 1, 2, 3, 4, 5, 6, 8])
  }

  shape(least = 0, most = 4): number[] {
    return this.times(this.int(least, most), () => this.size())
  }

  /** The same shape, or one that differs from it in something. */
  near(shape: Shape, percent = 30): number[] {
    const made = [...shape]
    if (!this.chance(percent)) return made
    const at = this.int(0, Math.max(0, made.length - 1))
    switch (this.int(0, 3)) {
      case 0:
        made.splice(at, 1)
        break
      case 1:
        made.splice(at, 0, this.size())
        break
      default:
        if (made.length > 0) made[at] = this.size()
    }
    return made
  }

  /** A shape that mostly broadcasts with another. */
  beside(shape: Shape): number[] {
    const made = shape.slice(this.chance(40) ? this.int(0, shape.length) : 0).map(d => (this.chance(25) ? 1 : d))
    return this.near(made, 20)
  }

  dtype(): string {
    return this.chance(10) ? this.pick(rare) : this.chance(50) ? this.pick(floats) : this.pick(whole)
  }

  /** An axis of a rank, now and then one that is out of range. */
  axis(rank: number): number {
    return this.chance(12) ? this.int(-rank - 2, rank + 1) : this.int(-rank, Math.max(0, rank - 1))
  }

  /** An array of zeros. */
  array(shape: Shape, dtype = this.dtype()): string {
    const plain = dtype === 'float32' && this.chance(50)
    return `mx.zeros(${tuple(shape)}${plain ? '' : `, dtype=mx.${dtype}`})`
  }

  number(): string {
    return this.pick(['1', '2', '-3', '0.5', '1.0', '2.5', 'True'])
  }
}

export const tuple = (items: readonly (number | string)[]): string =>
  items.length === 1 ? `(${items[0]},)` : `(${items.join(', ')})`
export const bracket = (items: readonly (number | string)[]): string => `[${items.join(', ')}]`
export const product = (shape: Shape): number => shape.reduce((n, d) => n * d, 1)
/** Axes in another order. */
export function shuffled(d: Draw, items: readonly number[]): number[] {
  const rest = [...items]
  return items.map(() => rest.splice(d.int(0, rest.length - 1), 1)[0] as number)
}

/** One kind of operation whose law is compared. */
export interface Law {
  readonly name: string
  /** An expression of Python that is one such operation. */
  readonly draw: (d: Draw) => string
}
