// Inputs of programs that run many times at once.

/** Names of inputs that say which of several like parts a process is; whatever their default, all of them are meant. */
export const isPosition = (name: string): boolean =>
  /(^|_)(rank|stage|node|shard|device|worker|part|process|proc)(_?(id|idx|index|num|no))?$/i.test(name) &&
  !/size|count|total/i.test(name)
