// Colours where they may be used, and plain text elsewhere. The library asks for the terminal as soon as it is loaded, so it
// is loaded for those who have one.

import type pc from 'picocolors'
import type { CliIo } from './io'

type Colour = 'blue' | 'bold' | 'cyan' | 'dim' | 'gray' | 'green' | 'red' | 'underline' | 'yellow'
export type Colours = Pick<ReturnType<typeof pc.createColors>, Colour>

const plain = (text: string | number | null | undefined): string => String(text)
const none: Colours = {
  blue: plain,
  bold: plain,
  cyan: plain,
  dim: plain,
  gray: plain,
  green: plain,
  red: plain,
  underline: plain,
  yellow: plain,
}

export async function coloursOf({ colours }: Pick<CliIo, 'colours'>): Promise<Colours> {
  return colours ? (await import('picocolors')).default.createColors(true) : none
}
