// JSON-RPC over a child's stdin and stdout, by vscode-jsonrpc, with a guard before it: a library that prints to stdout
// must give a clear message at once, where the reader alone would wait for the end of a header that never comes.
// The guard knows where messages begin and nothing of what is in them.

import { Transform, Writable, type Readable } from 'node:stream'
import {
  createMessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
  type MessageConnection,
} from 'vscode-jsonrpc/node'

const prefix = 'content-length:'
/** A header of ours is some 25 bytes. */
const maxHeaderBytes = 1024
/** A result is below a kilobyte; anything near this is not one of ours. */
const maxMessageBytes = 16 * 1024 * 1024
/** How much of the junk is shown. */
const sampleCharacters = 200

/**
 * A connection that listens already. `onJunk` is called once, with the text found where a message should begin; nothing
 * is read after that.
 */
export function frame(output: Readable, input: Writable, onJunk: (sample: string) => void): MessageConnection {
  const guarded = output.pipe(junkGuard(onJunk))
  // A message whose body is not JSON arrives framed, so the guard lets it pass and the reader reports it.
  const reader = new StreamMessageReader(guarded)
  reader.onError(error => onJunk(error.message))
  const connection = createMessageConnection(reader, new StreamMessageWriter(quiet(input)))
  connection.listen()
  return connection
}

/**
 * Takes whatever is written, also when nobody reads any more: the end of the process is reported by whoever watches it,
 * and vscode-jsonrpc turns a failed write into a rejection that nobody can catch.
 */
function quiet(input: Writable): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (input.writable) input.write(chunk, () => done())
      else done()
    },
  })
}

/** Passes framed messages through and stops at the first bytes that belong to none. */
export function junkGuard(onJunk: (sample: string) => void): Transform {
  let header = ''
  let bodyLeft = 0
  let stopped = false
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      let at = 0
      while (!stopped && at < chunk.length) {
        if (bodyLeft > 0) {
          const step = Math.min(bodyLeft, chunk.length - at)
          bodyLeft -= step
          at += step
          continue
        }
        const before = header.length
        header += chunk.toString('latin1', at, at + maxHeaderBytes)
        const end = header.indexOf('\r\n\r\n')
        const length = end < 0 ? undefined : contentLength(header.slice(0, end))
        if (!header.slice(0, prefix.length).toLowerCase().startsWith(prefix.slice(0, header.length))) stopped = true
        else if (end >= 0 && (length === undefined || length > maxMessageBytes)) stopped = true
        else if (end < 0 && header.length >= maxHeaderBytes) stopped = true
        if (stopped) {
          const known = Buffer.from(header.slice(0, before), 'latin1')
          onJunk(sampleOf(Buffer.concat([known, chunk.subarray(at)]).toString('utf8')))
        } else if (end < 0) {
          at = chunk.length
        } else {
          at += end + 4 - before
          bodyLeft = length ?? 0
          header = ''
        }
      }
      done(null, stopped ? undefined : chunk)
    },
  })
}

/** The junk alone, where a message of ours follows it at once. */
function sampleOf(text: string): string {
  const message = text.search(/content-length:/i)
  return (message > 0 ? text.slice(0, message) : text).trim().slice(0, sampleCharacters)
}

function contentLength(header: string): number | undefined {
  for (const line of header.split('\r\n')) {
    const match = /^content-length:\s*(\d{1,10})\s*$/i.exec(line)
    if (match) return Number(match[1])
  }
  return undefined
}
