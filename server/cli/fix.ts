// `tensorlint fix PATH...`: applies the safe fixes that end well to texts in memory, again and again until none is left,
// then prints the difference or, with --write, replaces each file in one step. A shard is never written to.

import { chmod, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff'
import type { World } from '../lsp/context'
import type { Finding } from '../protocol'
import { applyEdits } from '../util/applyEdits'
import { mergeSafeFixes } from '../workspace/fixes'
import { fixesTogether } from '../workspace/trials'
import { findingJson, plural, textsOf, type Format } from './check'
import { coloursOf } from './colours'
import { UsageError, type CliIo } from './io'
import { askedFindings, look, type Look } from './workspace'

/** One fix may clear the way for another; more rounds than this would mean that two fixes undo each other. */
const MAX_ROUNDS = 10

interface FixedFile {
  readonly path: string
  readonly before: string
  readonly after: string
}

interface Fixed {
  readonly seen: Look
  readonly files: readonly FixedFile[]
  readonly applied: readonly { readonly finding: Finding; readonly title: string }[]
  /** What is still found when the fixes are in. */
  readonly remaining: readonly Finding[]
}

export interface FixOptions {
  readonly format: Format
  readonly write: boolean
}

/** Runs the command; 0 whether or not there was something to fix. */
export async function fix(paths: readonly string[], options: FixOptions, world: World, io: CliIo): Promise<number> {
  const fixed = await applySafeFixes(await look(paths, world, io), world)
  if (options.write) for (const file of fixed.files) await replaceFile(file)
  io.out(options.format === 'json' ? fixJson(fixed, options.write) : await fixText(fixed, options.write, io))
  return 0
}

async function applySafeFixes(first: Look, world: World): Promise<Fixed> {
  const original = textsOf(first)
  const texts = new Map<string, string>()
  const applied: { finding: Finding; title: string }[] = []
  let seen = first
  for (let round = 1; round <= MAX_ROUNDS; round++) {
    const findings = askedFindings(seen)
    const fixes = fixesTogether(seen.state.snapshot, findings, snapshot => world.analyse(snapshot))
    const { edits, chosen } = mergeSafeFixes(findings, fixes)
    if (edits.length === 0) break
    for (const path of new Set(edits.map(edit => edit.path))) {
      const before = texts.get(path) ?? original.get(path)
      // A fix can only edit what the analysis has read; anything else (a shard, above all) is left alone.
      if (before === undefined) throw new Error(`a fix edits ${path}, which is no source and no JSON file`)
      const after = applyEdits(
        before,
        edits.filter(edit => edit.path === path),
      )
      texts.set(path, after)
      seen.session.setText(path, after, round)
    }
    applied.push(...chosen.map(({ finding, fix }) => ({ finding, title: fix.title })))
    seen = { ...seen, state: await seen.session.exact() }
  }
  seen.session.dispose()
  const files = [...texts]
    .map(([path, after]) => ({ path, before: original.get(path) ?? '', after }))
    .filter(({ before, after }) => before !== after)
    .sort((a, b) => (a.path < b.path ? -1 : 1))
  return { seen, files, applied, remaining: askedFindings(seen) }
}

/** Writes beside the file and renames, so that no reader ever sees half of it; a link stays a link. */
async function replaceFile({ path, before, after }: FixedFile): Promise<void> {
  const target = await realpath(path)
  if ((await readFile(target, 'utf8')) !== before) throw new UsageError(`${path} changed while it was being fixed`)
  const draft = join(dirname(target), `.${basename(target)}.tensorlint-${process.pid}`)
  try {
    await writeFile(draft, after, { flag: 'wx' })
    await chmod(draft, (await stat(target)).mode)
    await rename(draft, target)
  } catch (error) {
    await rm(draft, { force: true })
    throw new UsageError(`${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** A patch that `patch -p0` takes in the folder where the command ran. */
const patchOf = ({ path, before, after }: FixedFile, show: (path: string) => string) =>
  createTwoFilesPatch(show(path), show(path), before, after, undefined, undefined, { headerOptions: FILE_HEADERS_ONLY })

function fixJson({ seen, files, applied, remaining }: Fixed, written: boolean): string {
  const { show } = seen
  const json = {
    version: 1,
    written,
    files: files.map(file => ({ path: show(file.path), diff: patchOf(file, show) })),
    applied: applied.map(({ finding, title }) => ({
      rule: finding.rule,
      path: show(finding.path),
      range: finding.range,
      title,
    })),
    remaining: remaining.map(finding => findingJson(finding, show)),
  }
  return `${JSON.stringify(json, null, 2)}\n`
}

async function fixText({ seen, files, applied, remaining }: Fixed, written: boolean, io: CliIo): Promise<string> {
  const colours = await coloursOf(io)
  if (files.length === 0) return `Nothing to fix safely; ${plural(remaining.length, 'finding')} left.\n`
  const done = `${plural(applied.length, 'fix').replace(/fixs$/, 'fixes')} in ${plural(files.length, 'file')}`
  const left = `${plural(remaining.length, 'finding')} left`
  if (written) return `${files.map(({ path }) => `fixed ${seen.show(path)}\n`).join('')}${done}; ${left}.\n`
  const paint = (line: string) =>
    /^(\+\+\+|---)/.test(line)
      ? colours.bold(line)
      : line.startsWith('+')
        ? colours.green(line)
        : line.startsWith('-')
          ? colours.red(line)
          : line.startsWith('@@')
            ? colours.cyan(line)
            : line
  const diffs = files.map(file => patchOf(file, seen.show)).join('')
  // The summary goes to standard error: standard output is a patch and nothing else.
  io.err(`${done}, not written (--write writes them); ${left} after it.\n`)
  return io.colours ? diffs.split('\n').map(paint).join('\n') : diffs
}
