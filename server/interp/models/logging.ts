// What programs tell of themselves; none of it changes what they do.

import type { LibraryCall } from '../run/libraryCall'
import { constant, type InstanceValue, none, type Value } from '../values/value'
import type { LibraryModel } from './index'

const className = 'logging.Logger'
const nothing = (): Value => none
const logger = (c: LibraryCall): InstanceValue => ({
  kind: 'instance',
  of: { kind: 'library', name: className },
  attributes: new Map([['name', c.get(0, 'name') ?? constant('root')]]),
})

const levels = ['debug', 'info', 'warning', 'error', 'exception', 'critical', 'log']
const silent = [
  'logging.basicConfig',
  `${className}.setLevel`,
  `${className}.addHandler`,
  'warnings.warn',
  'warnings.filterwarnings',
  'gc.collect',
  ...levels.flatMap(level => [`logging.${level}`, `${className}.${level}`]),
]

export const logging: LibraryModel = {
  calls: { 'logging.getLogger': logger, ...Object.fromEntries(silent.map(name => [name, nothing])) },
}
