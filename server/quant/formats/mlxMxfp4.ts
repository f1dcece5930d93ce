// MLX's mode mxfp4: E2M1 codes, one E8M0 scale for every 32 inputs (OCP MX).

import { mlxFloat } from './mlxFloat'

export const mlxMxfp4 = mlxFloat('mxfp4')
