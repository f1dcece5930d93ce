// The list of rules: the one place where a rule is registered. Codes, the command line's list, documentation and the
// check that every rule has cases all come from here.

import { absentFile } from './absentFile'
import { absentTensor } from './absentTensor'
import { alwaysRaises } from './alwaysRaises'
import { architectureMismatch } from './architectureMismatch'
import { contradictoryConfig } from './contradictoryConfig'
import { crossedTensors } from './crossedTensors'
import { duplicatedTensor } from './duplicatedTensor'
import { foreignFormatRule } from './foreignFormat'
import { foreignPrefix } from './foreignPrefix'
import { integerTensor } from './integerTensor'
import { innerDimension } from './innerDimension'
import { invalidConfig } from './invalidConfig'
import { invalidIndex } from './invalidIndex'
import { mismatchedNvfp4 } from './mismatchedNvfp4'
import { mismatchedTriple } from './mismatchedTriple'
import { mismatchedModelType } from './mismatchedModelType'
import { misplacedTensor } from './misplacedTensor'
import { missingShard } from './missingShard'
import { misshapenTensor } from './misshapenTensor'
import { mixedFloatDtypes } from './mixedFloatDtypes'
import { mixedHeads } from './mixedHeads'
import { mixedShardSets } from './mixedShardSets'
import { incompleteQuantization } from './incompleteQuantization'
import { incompleteTriple } from './incompleteTriple'
import { leftoverQuantization } from './leftoverQuantization'
import { missingExpert } from './missingExpert'
import { missingModelType } from './missingModelType'
import { missingParameter } from './missingParameter'
import { missingQuantization } from './missingQuantization'
import { missingTower } from './missingTower'
import { packedQuantizedAgain } from './packedQuantizedAgain'
import type { Rule } from './rule'
import { shardRules } from './shardRules'
import { shapeMismatch } from './shapeMismatch'
import { slicedScales } from './slicedScales'
import { splitTriple } from './splitTriple'
import { staleIndex } from './staleIndex'
import { storedTransposed } from './storedTransposed'
import { strictLoadMismatch } from './strictLoadMismatch'
import { unfilledParameter } from './unfilledParameter'
import { tiedEmbeddings } from './tiedEmbeddings'
import { transposedTriple } from './transposedTriple'
import { unindexedTensor } from './unindexedTensor'
import { unlistedShard } from './unlistedShard'
import { unreadLayer } from './unreadLayer'
import { unseenShards } from './unseenShards'
import { unmatchedOverride } from './unmatchedOverride'
import { vocabularyMismatch } from './vocabularyMismatch'
import { wrongMode } from './wrongMode'
import { wrongParameters } from './wrongParameters'
import { wrongTotalSize } from './wrongTotalSize'

export const rules = [
  transposedTriple,
  slicedScales,
  foreignFormatRule,
  mismatchedTriple,
  wrongParameters,
  wrongMode,
  crossedTensors,
  absentFile,
  absentTensor,
  innerDimension,
  integerTensor,
  shapeMismatch,
  alwaysRaises,
  unreadLayer,
  mixedHeads,
  packedQuantizedAgain,
  strictLoadMismatch,
  unfilledParameter,
  contradictoryConfig,
  unmatchedOverride,
  missingQuantization,
  incompleteQuantization,
  leftoverQuantization,
  architectureMismatch,
  vocabularyMismatch,
  tiedEmbeddings,
  missingExpert,
  missingTower,
  missingParameter,
  foreignPrefix,
  mismatchedModelType,
  incompleteTriple,
  missingModelType,
  mismatchedNvfp4,
  mixedFloatDtypes,
  misshapenTensor,
  storedTransposed,
  ...shardRules,
  invalidConfig,
  missingShard,
  mixedShardSets,
  staleIndex,
  misplacedTensor,
  unindexedTensor,
  unlistedShard,
  duplicatedTensor,
  splitTriple,
  unseenShards,
  wrongTotalSize,
  invalidIndex,
] as const satisfies readonly Rule[]

export type RuleId = (typeof rules)[number]['id']
