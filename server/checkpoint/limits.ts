// How much of a stranger's file we are willing to take in. Each number stands beside its reason.

/** The Rust reference refuses longer headers; MLX refuses this very length too. DeepSeek-V3 in one file would need 12 MB. */
export const maxHeaderBytes = 100_000_000

/** Ten times the largest checkpoint known (90,000 tensors in 163 shards); a header of 100 MB could name 2 million. */
export const maxTensors = 1_000_000

/** NumPy and PyTorch stop at 64 dimensions; neither safetensors reader has a limit of its own. */
export const maxRank = 64

/** The Rust reference's JSON parser refuses deeper nesting. MLX's has no limit, and neither has our scanner. */
export const maxHeaderDepth = 127

/** Python's json module fails near its recursion limit of 1,000, and our parser of config files is recursive too. */
export const maxJsonDepth = 900
