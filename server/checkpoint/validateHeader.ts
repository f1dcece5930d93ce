// Turns what the scanner found into problems. The conditions are those of the Rust reference (safetensors 0.8,
// tensor.rs) and, where MLX's reader (0.32.4, mlx/io/safetensors.cpp) decides otherwise, its own.

import { bytes, checkCoverage, tensors } from './coverage'
import { dtypeBits, mlxDtypes } from './dtype'
import { Fault, type HeaderColumns } from './headerColumns'
import type { LostEntry, ScannedHeader } from './headerScanner'
import { maxHeaderDepth, maxTensors } from './limits'
import { mlxTakes } from './oddEntry'
import { both, mlxOnly, nobody, type ProblemList, rustOnly } from './problemList'
import { findInvalidUtf8 } from './utf8'

export interface HeaderChecks {
  readonly scanned: ScannedHeader
  /** The scanner's columns without superseded rows. */
  readonly columns: HeaderColumns
  /** Names of entries that a later entry of the same name replaces, once for each. */
  readonly superseded: readonly string[]
  /** Those of them that gave no tensor anyway. */
  readonly shadowed: ReadonlySet<LostEntry>
  readonly nameAt: (row: number) => string
  /** Bytes that the file holds behind the header. */
  readonly dataLength: number
}

/** Everything that is wrong with a header that is all there. */
export function validateHeader(checks: HeaderChecks, into: ProblemList): void {
  const { scanned, columns, nameAt, dataLength } = checks
  const whole = checkText(scanned, into)
  if (scanned.tooMany)
    into.add(
      'too-many-tensors',
      nobody,
      `the header names more than ${tensors(maxTensors)}; only so many are read here`,
    )
  checkDuplicates(checks, into)
  checkLost(checks, into)
  checkRows(checks, into)
  checkMlxDtypes(columns, nameAt, into)
  // A lost entry or a cut header leaves holes that would say nothing new.
  const allThere = whole && scanned.lost.length === 0 && !scanned.tooMany
  checkCoverage(columns, nameAt, dataLength, allThere, into)
}

/** UTF-8, then JSON, as the Rust reference does. True where the header was read to its end. */
function checkText(scanned: ScannedHeader, into: ProblemList): boolean {
  const { json, columns } = scanned
  const header = json.bytes
  const failed = json.failedAt >= 0
  const invalid = json.nonAscii || failed || scanned.trailingAt >= 0 ? findInvalidUtf8(header) : -1
  const kept = failed ? `; ${tensors(columns.count)} read before it` : ''
  // MLX takes a NUL for the end of the JSON, so it never looks at what follows.
  const afterNul = scanned.trailingAt >= 0 && header[scanned.trailingAt] === 0
  if (invalid >= 0) {
    const refusedBy = afterNul && invalid > scanned.trailingAt ? rustOnly : both
    into.add(
      'header-not-utf8',
      refusedBy,
      `byte ${invalid} of the header is 0x${hex(header[invalid])}, expected UTF-8${kept}`,
    )
  } else if (failed) {
    into.add(
      'header-not-json',
      both,
      `byte ${json.failedAt} of the header is ${shown(header, json.failedAt)}, expected ${json.expected}${kept}`,
    )
  } else if (scanned.trailingAt >= 0) {
    const what = `byte ${scanned.trailingAt} of the header is ${shown(header, scanned.trailingAt)}, expected only spaces behind the JSON`
    into.add('header-not-json', afterNul ? rustOnly : both, what)
  }
  if (scanned.byteOrderMark)
    into.add('header-not-json', rustOnly, 'the header begins with a byte-order mark, expected "{"')
  if (json.deepest > maxHeaderDepth && !failed) {
    into.add(
      'header-not-json',
      rustOnly,
      `the header nests ${json.deepest} levels deep, at most ${maxHeaderDepth} are allowed`,
    )
  }
  return !failed
}

function checkDuplicates({ superseded }: HeaderChecks, into: ProblemList): void {
  const [first] = superseded
  if (first === undefined) return
  const names = [...new Set(superseded)]
  const times = superseded.filter(name => name === first).length + 1
  const more = names.length > 1 ? ` (and so with ${names.length - 1} more)` : ''
  const message = `${JSON.stringify(first)} is in the header ${times} times, expected once; readers keep the last${more}`
  into.add('duplicate-name', nobody, message, names)
}

/** Entries that gave no tensor. MLX looks only at the last entry of a name, the Rust reference at each. */
function checkLost({ scanned, shadowed, dataLength }: HeaderChecks, into: ProblemList): void {
  for (const entry of scanned.lost) {
    const mlx = !shadowed.has(entry) && mlxRefuses(scanned, entry, dataLength)
    const rust = entry.kind !== 'too-many-dimensions'
    into.addTensor(entry.kind, { rust, mlx }, entry.name, () => entry.reason)
  }
}

/** Rows whose numbers contradict each other, and rows that only the Rust reference understands. */
function checkRows({ scanned, columns, nameAt, dataLength }: HeaderChecks, into: ProblemList): void {
  for (const [row, span] of columns.spans) {
    const mlx = mlxRefuses(scanned, span, Math.max(dataLength, columns.end[row] ?? 0))
    const fault = columns.fault[row]
    const refusedBy = { rust: true, mlx }
    const { dtype, shape } = columns.familyAt(row)
    const begin = columns.begin[row] ?? 0
    const end = columns.end[row] ?? 0
    const stated = `${dtype} [${shape.join(', ')}]`
    if (fault === Fault.none) {
      if (mlx && mlxDtypes.has(dtype))
        into.addTensor(
          'bad-entry',
          mlxOnly,
          nameAt(row),
          () => `is written as only the Rust reference reads it, expected an object with a dtype in quotes`,
        )
    } else if (fault === Fault.reversed) {
      into.addTensor(
        'bad-offsets',
        refusedBy,
        nameAt(row),
        () => `has data_offsets [${begin}, ${end}], expected the second not below the first`,
      )
    } else if (fault === Fault.overflow) {
      into.addTensor('size-overflow', refusedBy, nameAt(row), () => `is ${stated}, which is more than 2^64 bits`)
    } else if (fault === Fault.unaligned) {
      into.addTensor(
        'not-byte-aligned',
        refusedBy,
        nameAt(row),
        () => `is ${stated}, ${dtypeBits[dtype]} bits each, which does not end at a whole byte`,
      )
    } else {
      const expected = (shape.reduce((product, dim) => product * dim, 1) * dtypeBits[dtype]) / 8
      into.addTensor(
        'size-mismatch',
        refusedBy,
        nameAt(row),
        () =>
          `takes ${bytes(end - begin)} by its data_offsets [${begin}, ${end}], expected ${bytes(expected)} for ${stated}`,
      )
    }
  }
}

/** Dtypes that the format has and MLX's reader has not. */
function checkMlxDtypes(columns: HeaderColumns, nameAt: (row: number) => string, into: ProblemList): void {
  if (columns.families.every(({ dtype }) => mlxDtypes.has(dtype))) return
  for (let row = 0; row < columns.count; row++) {
    const { dtype } = columns.familyAt(row)
    if (mlxDtypes.has(dtype)) continue
    into.addTensor(
      'dtype-not-in-mlx',
      mlxOnly,
      nameAt(row),
      () => `has dtype ${dtype}; MLX reads ${[...mlxDtypes].join(', ')} alone`,
    )
  }
}

/** Deeper nesting than a recursive parser bears does not trouble MLX, and we look no further. */
function mlxRefuses(
  scanned: ScannedHeader,
  span: { readonly start: number; readonly end: number },
  dataLength: number,
): boolean {
  if (scanned.json.deepest > maxHeaderDepth) return false
  return !mlxTakes(scanned.json.text(span.start, span.end), dataLength)
}

function hex(byte: number | undefined): string {
  return (byte ?? 0).toString(16).padStart(2, '0')
}

/** A byte as a person would name it. */
function shown(header: Uint8Array, at: number): string {
  const byte = header[at]
  if (byte === undefined) return 'the end'
  return byte > 0x20 && byte < 0x7f ? `"${String.fromCharCode(byte)}"` : `0x${hex(byte)}`
}
