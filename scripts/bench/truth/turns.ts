// Work that is done several pieces at a time.

/** Runs every piece of work, so many at once, in their order. */
export async function inTurns(work: readonly (() => Promise<void>)[], width: number): Promise<void> {
  let next = 0
  const turn = async (): Promise<void> => {
    for (let piece = work[next++]; piece; piece = work[next++]) await piece()
  }
  await Promise.all(Array.from({ length: width }, turn))
}
