import fc from 'fast-check'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { junkGuard } from '../../../server/worker/framing'

function message(body: string): Buffer {
  return Buffer.from(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}

/** What the guard lets through of the chunks, and the junk that it reports. */
async function guard(chunks: readonly Uint8Array[]): Promise<{ passed: Buffer; junk: string[] }> {
  const junk: string[] = []
  const stream = new PassThrough().pipe(junkGuard(sample => junk.push(sample)))
  const passed: Buffer[] = []
  stream.on('data', (chunk: Buffer) => passed.push(chunk))
  for (const chunk of chunks) stream.write(Buffer.from(chunk))
  await new Promise<void>(resolve => stream.end(resolve))
  return { passed: Buffer.concat(passed), junk }
}

/** The bytes cut into chunks of the sizes given, over and over. */
function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = []
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1
    chunks.push(bytes.subarray(at, at + size))
    at += size
  }
  return chunks
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 })

describe('the junk guard', () => {
  it('passes framed messages through unchanged, however they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme' })), sizes, async (bodies, sizes) => {
        const bytes = Buffer.concat(bodies.map(message))
        expect(await guard(cut(bytes, sizes))).toEqual({ passed: bytes, junk: [] })
      }),
      { numRuns: 60 },
    )
  })

  it('finds junk between messages, however it is cut, and says so once', async () => {
    const text = fc
      .string({ minLength: 1 })
      .filter(text => !'content-length:'.startsWith(text.slice(0, 15).toLowerCase()))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string()), text, sizes, async (bodies, text, sizes) => {
        const bytes = Buffer.concat([...bodies.map(message), Buffer.from(text), message('{}')])
        expect((await guard(cut(bytes, sizes))).junk).toHaveLength(1)
      }),
      { numRuns: 60 },
    )
  })

  it.each([
    ['plain text', 'Hello from a library\n', 'Hello from a library'],
    ['text that begins like a header', 'Could not load libfoo.so', 'Could not load libfoo.so'],
    ['a header without a length', 'Content-Length: many\r\n\r\n', 'Content-Length: many'],
    ['a length beyond reason', 'Content-Length: 9999999999\r\n\r\n', 'Content-Length: 9999999999'],
    ['text in another alphabet', 'Ошибка', 'Ошибка'],
  ])('shows %s', async (_what, text, sample) => {
    expect((await guard([Buffer.from(text)])).junk).toEqual([sample])
  })

  it('does not wait for the end of a header that has none', async () => {
    expect((await guard([Buffer.from(`Content-Length: 1${' '.repeat(2000)}`)])).junk).toHaveLength(1)
  })

  it('takes the other header of the protocol in its stride', async () => {
    const bytes = Buffer.from('content-length: 2\r\nContent-Type: application/json\r\n\r\n{}')
    expect(await guard([bytes])).toEqual({ passed: bytes, junk: [] })
  })
})
