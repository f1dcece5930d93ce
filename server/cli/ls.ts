// `tensorlint ls PATH...`: the models and what they are made of, from headers alone.

import { showBytes } from '../tree/sizes'
import type { World } from '../lsp/context'
import { printable } from './carets'
import { plural, type Format } from './check'
import type { CliIo } from './io'
import { askedModels, look, summary } from './workspace'

/** Runs the command; always 0: a model with faults is still listed. */
export async function ls(paths: readonly string[], format: Format, world: World, io: CliIo): Promise<number> {
  const seen = await look(paths, world, io)
  seen.session.dispose()
  const models = askedModels(seen)
  if (format === 'json') {
    const list = models.map(model => summary(model, seen.show))
    io.out(`${JSON.stringify({ version: 1, models: list }, null, 2)}\n`)
    return 0
  }
  const lines: string[] = []
  for (const model of models) {
    const { path, kind, tensors, bytes, config } = summary(model, seen.show)
    lines.push(`${printable(path)}  ${kind}, ${plural(tensors, 'tensor')}, ${showBytes(bytes)}`)
    for (const { path, tensors, dataBytes, problems } of model.shards) {
      const broken = problems.length > 0 ? `  ${plural(problems.length, 'problem')}` : ''
      lines.push(
        `  ${printable(seen.show(path))}  ${plural(tensors.count, 'tensor')}, ${showBytes(dataBytes)}${broken}`,
      )
    }
    if (config !== null) lines.push(`  ${printable(config)}`)
  }
  if (models.length === 0) lines.push('No models found: no *.safetensors file lies under the given paths.')
  io.out(`${lines.join('\n')}\n`)
  return 0
}
