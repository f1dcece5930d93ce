// One call of a modelled library function, as its model sees it. A run makes one for each call of a library: they are kept
// small.

import { getItem } from '../members/members'
import type { Place, Scope, Value } from '../values/value'
import type { Argument, Arguments } from './calls'
import type { Machine } from './machine'

export class LibraryCall {
  constructor(
    readonly m: Machine,
    readonly name: string,
    readonly self: Value | undefined,
    readonly args: Arguments,
    readonly at: Place,
    readonly scope: Scope,
  ) {}

  get javascript(): boolean {
    return this.scope.program.language !== 'python'
  }

  /** The argument at a position or under a keyword. */
  get(position: number, ...keywords: string[]): Value | undefined {
    return this.find(position, keywords)?.value
  }

  placeOf(position: number, ...keywords: string[]): Place | undefined {
    return this.find(position, keywords)?.place
  }

  getItem(object: Value, key: Value): Value {
    return getItem(this.m, object, key, this.at)
  }

  /** The same call with other arguments, under another name, or with arguments that are found otherwise. */
  with(changes: Partial<Pick<LibraryCall, 'name' | 'args' | 'get'>>): LibraryCall {
    return Object.assign(Object.create(LibraryCall.prototype) as LibraryCall, this, changes)
  }

  private find(position: number, keywords: readonly string[]): Argument | undefined {
    for (const keyword of keywords) {
      const named = this.args.keywords.get(keyword)
      if (named) return named
    }
    return position >= 0 ? this.args.positional[position] : undefined
  }
}
