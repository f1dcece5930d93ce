// What editors hold open, by absolute path: their text wins over the disk, saved or not.

export interface OpenText {
  readonly text: string
  /** Grows with every change; one number never means two texts of the same path while it stays open. */
  readonly version: number
}

export type OpenTexts = ReadonlyMap<string, OpenText>
