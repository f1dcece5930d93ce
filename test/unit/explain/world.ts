// A small workspace for tests of the written analysis: checkpoints as tables, texts as they are, analysed as the engine does.

import { groupModels } from '../../../server/checkpoint/models'
import { readJsonFile } from '../../../server/checkpoint/jsonFile'
import { readShard } from '../../../server/checkpoint/shard'
import { analyse, type Analysis, type Snapshot } from '../../../server/engine'
import { languageOf, lowerProgram } from '../../../server/source/index'
import { bytesSource } from '../../../server/util/byteSource'
import { buildCheckpoint } from '../../support/buildCheckpoint'

export const home = '/home/someone/ws'

/** Files by path below the workspace: a list is a checkpoint's table, bytes are a shard, a text is itself. */
export async function worldOf(
  files: Readonly<Record<string, readonly string[] | Uint8Array | string>>,
): Promise<{ snapshot: Snapshot; analysis: Analysis }> {
  const shards = []
  const texts: [string, string][] = []
  for (const [name, content] of Object.entries(files)) {
    const path = `${home}/${name}`
    if (typeof content === 'string') texts.push([path, content])
    else
      shards.push(
        await readShard(path, bytesSource(content instanceof Uint8Array ? content : buildCheckpoint(content))),
      )
  }
  const json = texts.filter(([path]) => path.endsWith('.json')).map(([path, text]) => readJsonFile(path, text))
  const snapshot: Snapshot = {
    folders: [home],
    models: groupModels({
      shards,
      configs: json.filter(({ path }) => path.endsWith('config.json')),
      indexes: json.filter(({ path }) => path.endsWith('index.json')),
    }),
    programs: texts
      .filter(([path]) => languageOf(path))
      .map(([path, text]) => lowerProgram(path, text))
      .filter(program => program !== undefined),
  }
  return { snapshot, analysis: analyse(snapshot) }
}

/** Answers by hypothesis, read from the document's table. */
export function answersOf(markdown: string): Record<string, string> {
  const rows = [...markdown.matchAll(/^\| ([^|]+) \| [*]*(confirmed|refuted|undecided)[*]* \|/gm)]
  return Object.fromEntries(rows.map(row => [row[1] ?? '', row[2] ?? '']))
}

/** A section's text, from its heading to the next. */
export function section(markdown: string, heading: string): string {
  const after = markdown.split(`\n## ${heading}\n`)[1] ?? ''
  return after.split('\n## ')[0] ?? ''
}
