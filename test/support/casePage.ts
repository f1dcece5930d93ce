// Reads a page of cases: headings are names, fenced blocks are files. It knows Markdown and the order of things on the
// page; what stands in a block is left to marks.ts, buildCheckpoint.ts and rawFile.ts.

export interface Block {
  /** First word after the fence: `checkpoint`, `raw`, `json`, `py`, `ts`, `js`, … */
  readonly kind: string
  /** Shows its file as it is after the first fixes, instead of giving it. */
  readonly isFixed: boolean
  /** Absolute, below `/ws`. */
  readonly path: string
  /** Zero-based line of the page on which the content begins. */
  readonly firstLine: number
  readonly lines: readonly string[]
}

export interface Case {
  /** The headings that lead to it, outermost first, without the page's own title where there are others. */
  readonly name: string
  readonly blocks: readonly Block[]
}

/** Whether a block gives a shard: a table of tensors, or a raw file byte by byte. */
export const isShardBlock = ({ kind }: Block): boolean => kind === 'checkpoint' || kind === 'raw'

/** The folder in which every case lives. */
export const workspace = '/ws'

/** Splits a page into its cases: every heading with at least one block directly below it. */
export function readCasePage(text: string): Case[] {
  const lines = text.split(/\r?\n/)
  const cases: { name: string; blocks: Block[] }[] = []
  const headings: string[] = []
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ''
    const heading = /^(#{1,6})\s+(.*\S)/.exec(line)
    if (heading?.[1] !== undefined && heading[2] !== undefined) {
      headings.length = heading[1].length - 1
      headings.push(heading[2])
      cases.push({
        name: headings
          .filter(Boolean)
          .slice(headings.length > 1 ? 1 : 0)
          .join(' › '),
        blocks: [],
      })
      continue
    }
    const fence = /^(`{3,})(\S*)\s*(.*)$/.exec(line)
    if (!fence) continue
    const end = lines.findIndex((other, index) => index > at && other.trimEnd() === fence[1])
    if (end < 0) throw new Error(`line ${at + 1}: the block is not closed`)
    const words = (fence[3] ?? '').split(/\s+/).filter(Boolean)
    const isFixed = words[0] === 'fixed'
    const path = words[isFixed ? 1 : 0]
    // A block without a path is an illustration, not a file.
    if (path !== undefined) {
      const block = {
        kind: fence[2] ?? '',
        isFixed,
        path: `${workspace}/${path}`,
        firstLine: at + 1,
        lines: lines.slice(at + 1, end),
      }
      if (cases.length === 0) cases.push({ name: 'page', blocks: [] })
      cases.at(-1)?.blocks.push(block)
    }
    at = end
  }
  return cases.filter(({ blocks }) => blocks.length > 0)
}
