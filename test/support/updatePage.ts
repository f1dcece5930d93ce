// Rewrites the marks and the fixed files of a page to what the engine says now: the diff is the review.
// Wording that still fits is kept as its author wrote it.

import type { Finding } from '../../server/protocol'
import { isShardBlock, readCasePage } from './casePage'
import type { Block } from './casePage'
import { drawCheckpointMark, drawMark, readCheckpointMarks, readMarks } from './marks'
import type { Mark, Statement } from './marks'
import { findingsOf, fixAll, readCase } from './runCase'
import type { Engine } from './runCase'

/** The text of the page with its marks brought up to date. */
export async function updatePage(text: string, engine: Engine): Promise<string> {
  const lines = text.split('\n')
  const replacements: { block: Block; lines: string[] }[] = []
  for (const one of readCasePage(text)) {
    const findings = await findingsOf(one, engine)
    const { files } = await readCase(one.blocks)
    for (const block of one.blocks) {
      const found = findings.filter(({ path }) => path === block.path)
      if (block.isFixed) {
        const fixed = fixAll(block.path, files.texts, files.shards, engine)
        replacements.push({ block, lines: fixed.replace(/\n$/, '').split('\n') })
      } else if (isShardBlock(block)) replacements.push({ block, lines: updateCheckpoint(block, found) })
      else replacements.push({ block, lines: updateText(block, found) })
    }
  }
  for (const { block, lines: fresh } of replacements.reverse()) {
    lines.splice(block.firstLine, block.lines.length, ...fresh)
  }
  return lines.join('\n')
}

function statementOf(finding: Finding, old: readonly Mark[]): Statement {
  const kept = old.find(mark => mark.rule === finding.rule && mark.text !== '' && finding.message.includes(mark.text))
  return {
    severity: finding.severity,
    rule: finding.rule,
    text: kept?.text ?? finding.message,
    hasFix: finding.fixes.length > 0,
  }
}

function updateCheckpoint(block: Block, findings: readonly Finding[]): string[] {
  const { table, marks } = readCheckpointMarks(block.path, block.lines)
  return [...table, ...findings.map(finding => drawCheckpointMark(statementOf(finding, marks)))]
}

function updateText(block: Block, findings: readonly Finding[]): string[] {
  const { text, marks } = readMarks(block.path, block.lines)
  const sign = block.path.endsWith('.py') ? '#' : '//'
  return text
    .replace(/\n$/, '')
    .split('\n')
    .flatMap((line, number) => {
      const values = marks
        .filter(mark => mark.severity === undefined && mark.range.start.line === number)
        .map(mark => drawMark(mark.range, line, sign, mark))
      const drawn = findings
        .filter(({ range }) => range.start.line === number)
        .sort((a, b) => a.range.start.character - b.range.start.character || a.rule.localeCompare(b.rule))
        .map(finding => drawMark(finding.range, line, sign, statementOf(finding, marks)))
      return [line, ...values, ...drawn]
    })
}
