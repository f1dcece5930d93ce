// Which mutants are made: every site of every operator, up to a number for each operator and program, chosen by a hash, so
// that the choice is the same everywhere and one page does not change another's.

import { createHash } from 'node:crypto'
import { mutantOf, type Mutant, type Operator } from './mutant'
import type { Specimen } from './specimen'

/** No operator has more mutants of one program. */
export const sitesPerOperator = 4

/** Puts things in an order that is the same everywhere and says nothing about them. */
export const rank = (text: string): string => createHash('sha256').update(text).digest('hex')

/** The mutants of a specimen, in the order of the operators; what two operators make alike is made once. */
export function mutantsOf(specimen: Specimen, operators: readonly Operator[]): Mutant[] {
  const seen = new Set<string>()
  return operators.flatMap(operator =>
    operator
      .sites(specimen)
      .map((site, index) => ({ site, id: `${operator.id}-${index}` }))
      .sort((a, b) => (rank(specimen.name + a.id) < rank(specimen.name + b.id) ? -1 : 1))
      .map(({ site, id }) => mutantOf(specimen, operator, site, id))
      .filter(mutant => {
        const content = JSON.stringify([...mutant.files].filter(([path, file]) => specimen.files.get(path) !== file))
        const gone = [...specimen.files.keys()].filter(path => !mutant.files.has(path)).join()
        const isNew = !seen.has(content + gone)
        seen.add(content + gone)
        return isNew
      })
      .slice(0, sitesPerOperator),
  )
}
