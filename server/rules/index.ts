// The list of rules: the one place where a rule is registered. Codes, the command line's list, documentation and the
// check that every rule has cases all come from here.

import { absentTensor } from './absentTensor'
import { contradictoryConfig } from './contradictoryConfig'
import { crossedTensors } from './crossedTensors'
import { damagedShard } from './damagedShard'
import { innerDimension } from './innerDimension'
import { invalidConfig } from './invalidConfig'
import { mismatchedTriple } from './mismatchedTriple'
import { packedQuantizedAgain } from './packedQuantizedAgain'
import type { Rule } from './rule'
import { slicedScales } from './slicedScales'
import { storedTransposed } from './storedTransposed'
import { transposedTriple } from './transposedTriple'
import { wrongParameters } from './wrongParameters'

export const rules = [
  transposedTriple,
  slicedScales,
  mismatchedTriple,
  wrongParameters,
  crossedTensors,
  absentTensor,
  innerDimension,
  packedQuantizedAgain,
  contradictoryConfig,
  storedTransposed,
  damagedShard,
  invalidConfig,
] as const satisfies readonly Rule[]

export type RuleId = (typeof rules)[number]['id']
