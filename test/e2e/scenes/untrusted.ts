// A workspace that the user has not trusted: the worker must not start, and everything else works.
import assert from 'node:assert/strict'
import * as vscode from 'vscode'
import type { SceneTest } from '../suite'
import { fileUri, findingsAppear, quickFixes, verify } from './support'

export const untrusted: readonly SceneTest[] = [
  {
    name: 'findings and fixes work in an untrusted workspace',
    async run() {
      assert.equal(vscode.workspace.isTrusted, false)
      const uri = fileUri('loader.py')
      const [at] = await findingsAppear(uri)
      assert(at)
      assert((await quickFixes(uri, at)).length > 0, 'a fix is offered')
    },
  },
  {
    name: 'an untrusted workspace starts no worker, says so, and verifies with the built-in dequantizer',
    async run() {
      const report = await verify()
      assert.equal(report.engine, 'builtin')
      assert.equal(report.mlxVersion, null)
      assert.match(report.notice?.reason ?? '', /trust/i)
      assert(report.modules.length > 20, `${report.modules.length} modules`)
    },
  },
]
