// `tensorlint explain PATH`: the written analysis, as Markdown or inside JSON. The JSON is an interface (docs/cli.md).

import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { explanationOf } from '../explain/index'
import type { World } from '../lsp/context'
import type { ExplainParams } from '../protocol'
import { printable } from './carets'
import type { Format } from './check'
import { UsageError, type CliIo } from './io'
import { askedFindings, askedModels, look, type Look } from './workspace'

export interface ExplainOptions {
  readonly format: Format
  /** A file with an error's text, or `-` for standard input. */
  readonly error?: string
  /** A rule's name. */
  readonly finding?: string
}

/** Runs the command; 0 whatever it says. */
export async function explain(path: string, options: ExplainOptions, world: World, io: CliIo): Promise<number> {
  const error = options.error === undefined ? undefined : await readText(options.error, io)
  const seen = await look([path], world, io)
  seen.session.dispose()
  const { snapshot, analysis } = seen.state
  const { markdown, places } = explanationOf(snapshot, analysis, paramsOf(seen, options, error))
  if (options.format === 'text') {
    io.out(markdown.split('\n').map(printable).join('\n'))
    return 0
  }
  const json = {
    version: 1,
    markdown,
    places: places.map(({ path, range, message, tensor }) => ({
      path: seen.show(path),
      range,
      message,
      ...(tensor === undefined ? {} : { tensor }),
    })),
  }
  io.out(`${JSON.stringify(json, null, 2)}\n`)
  return 0
}

function paramsOf(seen: Look, { finding }: ExplainOptions, error: string | undefined): ExplainParams {
  if (error !== undefined) return { error }
  const findings = askedFindings(seen)
  if (finding !== undefined) {
    const [first] = findings.filter(({ rule }) => rule === finding)
    if (!first) {
      const rules = [...new Set(findings.map(({ rule }) => rule))].sort()
      const there = rules.length > 0 ? `found were: ${rules.join(', ')}` : 'there are no findings'
      throw new UsageError(`no finding of the rule ${finding}; ${there}`)
    }
    return { finding: { rule: first.rule, path: first.path, line: first.range.start.line } }
  }
  const models = askedModels(seen)
  return models.length === 1 ? { model: models[0]?.path } : {}
}

/** More than this is not read: the end of a text is what counts, and a traceback is short. */
const MAX_BYTES = 256 * 1024

async function readText(name: string, io: CliIo): Promise<string> {
  if (name === '-') return io.input ? io.input() : ''
  const path = resolve(io.cwd, name)
  try {
    const file = await open(path)
    try {
      const { size } = await file.stat()
      const length = Math.min(size, MAX_BYTES)
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length)
      return buffer.toString('utf8', 0, bytesRead)
    } finally {
      await file.close()
    }
  } catch (error) {
    throw new UsageError(`${name}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
