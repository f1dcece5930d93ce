// MLX's mode mxfp8: E4M3 codes, one E8M0 scale for every 32 inputs (OCP MX).

import { mlxFloat } from './mlxFloat'

export const mlxMxfp8 = mlxFloat('mxfp8')
