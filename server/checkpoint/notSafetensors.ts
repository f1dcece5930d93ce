// What a file is that is called .safetensors and is something else, by its first bytes. One row for each kind.
// Sources: the git-lfs specification (v1 pointers), RFC 1740 (AppleDouble), and the magic numbers of the other formats.

import type { ForeignKind } from './facts'
import { grouped } from '../util/numbers'

interface ForeignFile {
  readonly kind: ForeignKind
  /** Text that the file begins with (white space left off), or its first bytes. */
  readonly begins: RegExp | readonly number[]
  readonly says: (text: string, sizeBytes: number) => string
}

/** Enough to see what a file is. */
export const sniffBytes = 1024

const zipLike = 'a zip archive, which is how PyTorch and NumPy store .pt and .npz files'

const foreignFiles: readonly ForeignFile[] = [
  {
    kind: 'lfs-pointer',
    begins: /^version https:\/\/(git-lfs|hawser)\.github\.com\//,
    says: text => {
      const oid = /^oid (?:sha256:)?([0-9a-f]+)/m.exec(text)?.[1] ?? 'unknown'
      const size = Number(/^size (\d+)/m.exec(text)?.[1] ?? Number.NaN)
      const bytes = Number.isFinite(size) ? `${grouped(size)} bytes` : 'unknown size'
      return `is a git-lfs pointer, expected the weights it stands for (oid sha256 ${oid}, ${bytes}); "git lfs pull" fetches them`
    },
  },
  {
    kind: 'apple-double',
    begins: [0x00, 0x05, 0x16, 0x07],
    says: () => 'is an AppleDouble file, where macOS keeps the attributes of another file; it can be deleted',
  },
  {
    kind: 'html-page',
    begins: /^<(!doctype|html|head|\?xml|!--)/i,
    says: text => `is an HTML page${titleOf(text)}, most likely an error page saved by a download`,
  },
  {
    kind: 'json-text',
    begins: /^[[{]\s*["{[\]}]/,
    says: text => `is JSON text (${quoted(text)}), most likely an error message or an index saved under this name`,
  },
  { kind: 'zip-archive', begins: [0x50, 0x4b, 0x03, 0x04], says: () => `is ${zipLike}` },
  {
    kind: 'pickle',
    begins: /^\x80[\x02-\x05][\x8a\x95}(c\]X.N]/,
    says: () => 'is a Python pickle, which is how old PyTorch files are stored',
  },
  { kind: 'gguf', begins: /^GGUF/, says: () => 'is a GGUF file, which llama.cpp reads' },
  { kind: 'numpy-array', begins: [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59], says: () => 'is a NumPy array (.npy)' },
  { kind: 'hdf5', begins: [0x89, 0x48, 0x44, 0x46], says: () => 'is an HDF5 file, which Keras writes' },
  { kind: 'gzip', begins: [0x1f, 0x8b], says: () => 'is compressed with gzip' },
]

/** Recognises a file by its beginning (`sniffBytes` of it are enough); undefined: nothing known. */
export function recogniseForeign(
  head: Uint8Array,
  sizeBytes: number,
): { kind: ForeignKind; message: string } | undefined {
  const size = `${grouped(sizeBytes)} bytes`
  if (sizeBytes === 0)
    return { kind: 'empty-file', message: 'the file is empty (0 bytes), expected a safetensors header' }
  if (head.length >= 8 && head.every(byte => byte === 0)) {
    return {
      kind: 'all-zero',
      message: `the file of ${size} begins with nothing but zero bytes, expected a header length; most likely a download that never arrived`,
    }
  }
  // Latin-1 keeps every byte, so that one kind of pattern serves text and bytes.
  const text = String.fromCharCode(...head.subarray(0, sniffBytes))
  const trimmed = text.replace(/^(\xef\xbb\xbf)?\s*/, '')
  for (const { kind, begins, says } of foreignFiles) {
    const fits = begins instanceof RegExp ? begins.test(trimmed) : begins.every((byte, i) => head[i] === byte)
    if (fits) return { kind, message: `the file of ${size} ${says(trimmed, sizeBytes)}` }
  }
  return undefined
}

function titleOf(text: string): string {
  const title = /<title[^>]*>([^<]{1,100})/i.exec(text)?.[1]?.trim()
  return title ? ` ("${title}")` : ''
}

/** The beginning of a text on one line. */
function quoted(text: string): string {
  const line = text.replace(/\s+/g, ' ')
  return line.length > 80 ? `${line.slice(0, 80)}…` : line.trim()
}
