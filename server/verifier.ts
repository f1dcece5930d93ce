// Verifies by the worker, or by what is built in: the real one of the parts that a world is made of.

import { join } from 'node:path'
import type { World } from './lsp/context'
import { runBuiltin } from './worker/builtin'
import { verifyModules } from './worker/verify'
import { fileSource } from './workspace/nodeFiles'

export const verifyItems: World['verify'] = (items, run) =>
  verifyModules(items, { ...run, workerScript: join(__dirname, 'python', 'worker.py'), open: fileSource, runBuiltin })
