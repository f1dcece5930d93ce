// The command line: which commands there are, what they take, and what the exit codes mean.
// 0 clean; 1 a finding of error severity, or a module that fails as delivered; 2 usage or internal error.
// The code of the commands but `check` is loaded when it is asked for: loading takes longer than checking most checkpoints.

import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import type { World } from '../lsp/context'
import type { Engine } from '../protocol'
import { check, type CheckOptions, type Format } from './check'
import type { ExplainOptions } from './explain'
import { addPolicyOptions } from './policyOptions'
import { UsageError, type CliIo } from './io'

/** Runs one command line (without node and script) and gives its exit code; never rejects. */
export async function run(argv: readonly string[], io: CliIo, world: World): Promise<number> {
  let code = 0
  const program = new Command('tensorlint')
    .description('Finds out why model weights do not load.')
    .version(world.version)
    .exitOverride()
    .configureOutput({ writeOut: text => io.out(text), writeErr: text => io.err(text) })
    .showHelpAfterError('(--help shows the usage)')
  const format = () => new Option('--format <format>', 'how to print').choices(['text', 'json']).default('text')
  // Settings for errors and output are inherited by commands made with `.command()`.
  const checking = program
    .command('check')
    .description('print the findings in folders and files; exit 1 where one is an error')
    .argument('<path...>', 'folders or files', notEmpty)
    .addOption(
      new Option('--format <format>', 'how to print').choices(['text', 'json', 'sarif', 'github']).default('text'),
    )
    .action(async (paths: string[], options: CheckOptions) => {
      code = await check(paths, options, world, io)
    })
  addPolicyOptions(checking)
  program
    .command('ls')
    .description('list the models, their shards and sizes')
    .argument('<path...>', 'folders or files', notEmpty)
    .addOption(format())
    .action(async (paths: string[], options: { format: Format }) => {
      code = await (await import('./more')).ls(paths, options.format, world, io)
    })
  program
    .command('verify')
    .description('decode every quantized module as it is delivered, and as it would be after the proposed fix')
    .argument('<path...>', 'folders or files', notEmpty)
    .addOption(
      new Option('--engine <engine>', 'auto takes MLX where there is one')
        .choices(['auto', 'mlx', 'builtin', 'both'])
        .default('auto'),
    )
    .option('--python <interpreter>', 'the Python that has MLX', '')
    .addOption(format())
    .action(async (paths: string[], options: { format: Format; engine: Engine | 'auto'; python: string }) => {
      code = await (await import('./more')).verify(paths, options, world, io)
    })
  program
    .command('fix')
    .description('print the safe fixes as a patch')
    .argument('<path...>', 'folders or files', notEmpty)
    .option('--write', 'change the files instead', false)
    .addOption(format())
    .action(async (paths: string[], options: { format: Format; write: boolean }) => {
      code = await (await import('./more')).fix(paths, options, world, io)
    })
  program
    .command('explain')
    .description('write an analysis in Markdown: what is wrong, which explanations hold, what to do')
    .argument('<path>', 'a folder or a file', (path: string) => notEmpty(path, undefined)[0])
    .option('--error <file>', 'explain the error text or traceback in this file; - reads standard input')
    .option('--finding <rule>', 'explain the first finding of this rule')
    .addOption(format())
    .action(async (path: string, options: ExplainOptions) => {
      code = await (await import('./more')).explain(path, options, world, io)
    })
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (error instanceof UsageError) io.err(`tensorlint: ${error.message}\n`)
    else
      io.err(`tensorlint: internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    return 2
  }
}

function notEmpty(path: string, before: string[] | undefined): string[] {
  if (path === '') throw new InvalidArgumentError('a path must not be empty')
  return [...(before ?? []), path]
}
