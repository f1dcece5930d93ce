// What a check of checkpoints alone does without: the interpreter, and the other commands. One file of the build, loaded when
// something of it is asked for.

export { analyse } from '../engine'
export { verifyItems } from '../verifier'
export { explain } from './explain'
export { fix } from './fix'
export { ls } from './ls'
export { verify } from './verify'
