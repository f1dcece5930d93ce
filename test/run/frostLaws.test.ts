// What is written down of MLX for Node is compared with it, where it is to be had.
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { compare } from '../../scripts/laws/compare'
import { nodeAnswers } from '../../scripts/laws/mlx'
import { ourAnswers } from '../../scripts/laws/ours'
import { expressionsOf, spelled } from '../../scripts/laws/spelled'
import { prepareGrammars } from '../support/lower'

beforeAll(prepareGrammars)

test('shapes, dtypes and refusals of MLX for Node', context => {
  const nodeModules = process.env.TENSORLINT_TEST_NODE_MODULES
  const list = spelled.find(({ truth }) => truth === 'frost')
  if (nodeModules === undefined || !list) return context.skip('MLX for Node is not to be had here')
  const expressions = expressionsOf(list)
  const { wrong, missed } = compare(
    expressions,
    ourAnswers(expressions, list.language),
    nodeAnswers(expressions, path.dirname(nodeModules)),
  )
  expect({ wrong, missed }).toEqual({ wrong: [], missed: [] })
})
