// The abstract collections of Python: a class of the program that says how an item is found has the other methods of a
// mapping as well. Source: Lib/_collections_abc.py of CPython 3.12.

import { callMember } from '../run/classes'
import type { LibraryCall } from '../run/libraryCall'
import { itemsOf } from '../run/expressions'
import { unknown } from '../run/machine'
import { itemIfThere } from '../members/membership'
import { list, none, type Value } from '../values/value'
import type { LibraryModel } from './index'

/** The keys that walking the object gives; undefined where they are not all known. */
const keysOf = (c: LibraryCall): readonly Value[] | undefined => (c.self ? itemsOf(c.m, c.self) : undefined)

/** Something made of each key. */
const each =
  (make: (c: LibraryCall, key: Value) => Value, shape: 'list' | 'set' = 'list') =>
  (c: LibraryCall): Value => {
    const keys = keysOf(c)
    return list(keys?.map(key => make(c, key)) ?? [], shape, keys === undefined)
  }

const itemAt = (c: LibraryCall, key: Value): Value =>
  callMember(c.m, c.self ?? none, '__getitem__', [key]) ?? unknown(c.m, c.name)

/** The item, or the default where the class raises KeyError. */
function get(c: LibraryCall): Value {
  const found = itemIfThere(c.m, c.self ?? none, c.get(0, 'key') ?? none)
  return found === null ? (c.get(1, 'default') ?? none) : (found ?? unknown(c.m, c.name))
}

export const mappings: LibraryModel = {
  calls: Object.fromEntries(
    ['Mapping', 'MutableMapping'].flatMap(name =>
      Object.entries({
        get,
        keys: each((_, key) => key, 'set'),
        values: each(itemAt),
        items: each((c, key) => list([key, itemAt(c, key)], 'tuple')),
      }).map(([method, call]) => [`collections.abc.${name}.${method}`, call] as const),
    ),
  ),
  aliases: {
    'typing.Mapping': 'collections.abc.Mapping',
    'typing.MutableMapping': 'collections.abc.MutableMapping',
  },
}
