// Tries the fixes that are offered on mutants: presses them, runs what comes of it under real MLX, and compares.

import { groupBy } from '../../../../server/util/groupBy'
import { askPages } from '../askPages'
import type { Mutant } from '../mutant'
import type { Outcome } from '../run/outcome'
import type { Scored } from '../score'
import type { Specimen, SpecimenFile } from '../specimen'
import type { Truth } from '../truth'
import { inTurns } from '../turns'
import { plan, type Trial, trialOf } from './trial'

export interface Bench {
  readonly root: string
  /** Operators by which the mutants were made. */
  readonly operators: readonly string[]
  readonly mutants: ReadonlyMap<Specimen, readonly Mutant[]>
  readonly originals: ReadonlyMap<Specimen, Outcome>
  readonly truth: Truth
  readonly workers: number
}

/** The trials of a sample of all fixes, in the order of the pages. */
export async function tryFixes(bench: Bench, scored: readonly Scored[]): Promise<Trial[]> {
  const { root, operators, originals, truth, workers } = bench
  const byPage = groupBy(plan(scored), ({ record }) => record.page)
  const specimens = [...bench.mutants.keys()].filter(({ page }) => byPage.has(page))
  const answers = await askPages(
    specimens.map(({ page, language, name }) => ({
      ...{ root, language, name, operators },
      presses: (byPage.get(page) ?? []).map(({ press }) => press),
    })),
    workers,
  )
  const trials: (Trial | undefined)[] = []
  const work = specimens.flatMap((specimen, index) => {
    const { repairs = [] } = answers[index] ?? {}
    const mutants = new Map((bench.mutants.get(specimen) ?? []).map(mutant => [mutant.id, mutant]))
    const original = originals.get(specimen)
    const pieces = (byPage.get(specimen.page) ?? []).map((planned, at) => {
      const place = trials.push(undefined) - 1
      return async () => {
        const [mutant, repair] = [mutants.get(planned.press.mutant), repairs[at]]
        if (!mutant || !repair || !original) return
        const files = new Map<string, SpecimenFile>(mutant.files)
        for (const [path, text] of repair.texts) files.set(path, { kind: 'text', text })
        const outcome = repair.failed === undefined ? await truth.of(specimen, files) : undefined
        trials[place] = trialOf(planned, repair, mutant, original, outcome)
      }
    })
    return [...pieces, () => Promise.resolve(truth.save(specimen, false))]
  })
  await inTurns(work, workers)
  return trials.flatMap(trial => trial ?? [])
}
