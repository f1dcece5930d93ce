// MLX's mode nvfp4: E2M1 codes, one E4M3 scale for every 16 inputs; a global scale is kept beside it where a layer takes one.

import { mlxFloat } from './mlxFloat'

export const mlxNvfp4 = mlxFloat('nvfp4')
