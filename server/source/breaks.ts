// Which loop a `break` leaves.

import type { Stmt } from './ir'

/** Whether a statement holds a `break` that belongs to the loop or switch around it rather than to a loop inside it. */
export function breaksOut(statement: Stmt): boolean {
  switch (statement.kind) {
    case 'break':
      return statement.label === undefined
    case 'if':
      return statement.yes.some(breaksOut) || statement.no.some(breaksOut)
    // The `else` of a loop lies outside of it.
    case 'for':
    case 'while':
      return statement.orElse?.some(breaksOut) ?? false
    case 'block':
    case 'with':
      return statement.body.some(breaksOut)
    case 'try':
      return (
        [statement.body, statement.orElse, statement.finally].some(part => part.some(breaksOut)) ||
        statement.handlers.some(handler => handler.body.some(breaksOut))
      )
    default:
      return false
  }
}
