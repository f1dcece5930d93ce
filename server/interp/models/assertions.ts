// `node:assert`: what is not as it is said to be ends the program. Only what is known for sure is said to fail.

import type { LibraryCall } from '../run/libraryCall'
import { compare } from '../run/operators'
import { failScript } from '../run/scriptRefusals'
import { isString, none, truth, type Value } from '../values/value'
import type { LibraryModel } from './index'

/** Fails where a claim is known to be false; the message is the program's own where it has one. */
function claim(c: LibraryCall, holds: boolean | undefined, message: Value | undefined): Value {
  if (holds === false) {
    const text = message && isString(message) ? message.value : undefined
    failScript(c.m, c.at, 'AssertionError', 'the assertion is false with this checkpoint', undefined, text)
  }
  return none
}

const isTrue = (c: LibraryCall): Value => claim(c, truth(c.get(0) ?? none, true), c.get(1))

/** Whether two values are equal, as far as that is known: lists item by item, where the claim looks into them. */
const equal =
  (isDeep: boolean, isWanted: boolean) =>
  (c: LibraryCall): Value => {
    const [left, right] = [c.get(0) ?? none, c.get(1) ?? none]
    if (!isDeep && (left.kind !== 'const' || right.kind !== 'const')) return none
    const answer = truth(compare(c.m, '==', left, right, c.at), true)
    return claim(c, answer === undefined ? undefined : answer === isWanted, c.get(2))
  }

export const assertions: LibraryModel = {
  calls: {
    'node.assert': isTrue,
    'node.assert.ok': isTrue,
    'node.assert.equal': equal(false, true),
    'node.assert.strictEqual': equal(false, true),
    'node.assert.deepEqual': equal(true, true),
    'node.assert.deepStrictEqual': equal(true, true),
    'node.assert.notEqual': equal(false, false),
    'node.assert.notStrictEqual': equal(false, false),
    'node.assert.fail': c => claim(c, false, c.get(0)),
  },
  aliases: {
    'node:assert': 'node.assert',
    assert: 'node.assert',
    'node:assert/strict': 'node.assert',
    'assert/strict': 'node.assert',
    'node.assert.strict': 'node.assert',
    'node.assert.default': 'node.assert',
  },
}
