// Runs many small asynchronous jobs, a few at a time, so that a folder of thousands of files opens a handful of them at once.

/** Maps `items` in order of their index with at most `limit` jobs running; the first rejection rejects the whole. */
export async function mapLimited<T, R>(
  items: readonly T[],
  limit: number,
  job: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length)
  let next = 0
  const lane = async () => {
    for (;;) {
      const index = next++
      if (index >= items.length) return
      results[index] = await job(items[index] as T, index)
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane))
  return results
}
