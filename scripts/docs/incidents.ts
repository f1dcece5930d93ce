// Real cases of weights that did not load, or loaded wrongly, as people reported them in public: what happened, in one line of
// our own, and where it was told. Which of them a case reproduces is read from the pages of test/cases, whose headings name
// them; every other has its reason here. `npm run docs` makes docs/incidents.md of both.

/** Why no case reproduces an incident. */
export const reasons = {
  values: 'needs the values of tensors: headers, config and index are the same when it is right',
  'loader source': 'needs the Python or TypeScript source of the loader: belongs to the checks of loaders',
  'model definition': 'the checkpoint is sound; needs the model definition of the loader, which says what parameters it has',
  'swift or rust': 'the checkpoint is sound; the fault is in a loader written in Swift, Rust or Go, which are not read',
  gpu: 'a kernel of MLX computes wrongly; nothing of it is in a file',
  version: 'the version of an installed library, not the files',
  ranks: 'the checkpoint is sound; how many machines share it decides',
  activations: 'the weights are sound; what a model computes with them leaves the range of its dtype',
} as const

export interface Incident {
  readonly id: string
  /** Our own words. */
  readonly what: string
  /** `owner/repository#number`, or a well-known repository alone. */
  readonly threads: readonly string[]
  /** Only for those without a case. */
  readonly reason?: keyof typeof reasons
}

const incident = (id: string, threads: string, what: string, reason?: keyof typeof reasons): Incident => ({
  id,
  what,
  threads: threads.split(' ').filter(thread => thread !== ''),
  ...(reason === undefined ? {} : { reason }),
})

export const incidents: readonly Incident[] = [
  incident('I-01', 'mlx-lm#1214 mlx-vlm#1079 mlx-vlm#1078', 'Entries of single modules under the names of the checkpoint, which the loader renames before it looks them up'),
  incident('I-03', 'mlx-vlm#1791', 'A wrapped text model whose loader passed over the entries of single modules'),
  incident('I-05', 'ollama/ollama#15746', 'A router gate in affine 8 bits inside an nvfp4 model, read as nvfp4'),
  incident('I-07', 'lablup/mlxcel#291 lablup/mlxcel#292', 'An embedding of 8 bits read with the 4 bits of the rest'),
  incident('I-09', 'mlx-lm#1734', 'An embedding of 8 bits read with the 2 bits of the rest; the reporter blamed the split over two machines'),
  incident('I-11', 'jjang-ai/vmlx#63', 'An embedding read with the narrowest bits that any module has'),
  incident('I-13', 'lmstudio-ai/mlx-engine#190', 'The whole quantization block handed to nn.quantize as arguments, the entries of modules among them', 'loader source'),
  incident('I-15', 'mlx-node/mlx-node#32', 'An entry stored under the name after a rename, looked up under the one before'),
  incident('I-17', 'mlx-lm#646', 'Fusing adapters lost the mode, and biases were asked for'),
  incident('I-19', 'mlx#3132 mlx#3133', 'Splitting over machines lost the mode: mxfp8 decoded as affine, without an error'),
  incident('I-21', 'ddalcu/mlx-serve#81', 'An mxfp8 head taken for affine by its shapes alone'),
  incident('I-23', 'mlx-swift#384', 'The mode was dropped on the way, and biases were missed'),
  incident('I-25', 'Pushkinist/rMLX#190', 'Byte scales of an mxfp model cast to bfloat16 with all the others'),
  incident('I-27', 'mlx#3006 mlx-lm#771', 'Widths reckoned with 32 // bits, which is wrong for 3, 5 and 6 bits', 'loader source'),
  incident('I-29', 'mlx-swift-examples#178', 'A group size of 32 in the file, the default of 64 in the loader'),
  incident('I-31', 'mlx-examples#1111', 'A model that was in 8 bits already, converted with -q once more'),
  incident('I-33', 'jundot/omlx#2452 jundot/omlx#2634', 'Packed words of MLX’s own handed to quantize, scales and biases left over as parameters'),
  incident('I-35', 'mustafaaljadery/lightning-whisper-mlx#14', 'The weights were nested before the loader asked which had scales, so that no layer was quantized', 'loader source'),
  incident('I-37', 'mlx-lm#127', 'A head normalised by the loader although it was packed', 'loader source'),
  incident('I-39', 'mlx-lm#727 mlx-lm#146 mlx-lm#163', 'A model of AutoAWQ loaded as if it were MLX’s'),
  incident('I-41', 'mlx-examples#1232 mlx#1859 mlx#2985', 'FP8 weights: refused by old versions, decoded by later ones, plain bytes in the latest'),
  incident('I-43', 'mlx-lm#1224', 'FP8 blocks and experts one by one, for neither of which the architecture has a branch'),
  incident('I-45', 'mlx-vlm#1706 mlx-vlm#1711', 'compressed-tensors that names no single format: every group has another'),
  incident('I-47', 'FlashML-org/FreeToken#430', 'NVFP4 of compressed-tensors, of which only the scales matched'),
  incident('I-49', 'unslothai/unsloth#1599', 'Bytes of bitsandbytes quantized once more'),
  incident('I-51', 'meta-pytorch/gpt-fast#88', 'Inputs padded to whole groups by the writer, the config left as it was'),
  incident('I-53', 'NVIDIA/Model-Optimizer#2038', 'NVFP4 scales for half of the inputs: the packed width was taken for the real one'),
  incident('I-55', 'vllm-project/llm-compressor#2714', 'A router in FP8 that its runtime never quantizes', 'model definition'),
  incident('I-57', 'mlx-lm#1242 mlx-vlm#1340 jundot/omlx#1249', 'Keys and values of layers that use those of others: stored, and never needed'),
  incident('I-59', 'mlx-lm#89', 'A prefix lost or added to every name when adapters were merged', 'model definition'),
  incident('I-61', 'mlx-vlm#429', 'A quantized audio tower whose loader leaves the tower unquantized', 'model definition'),
  incident('I-63', 'jundot/omlx#2020', 'Indexers that only some layers have, built by the loader in all', 'model definition'),
  incident('I-65', 'mlx-vlm#39', 'The text of a model alone, given to a loader of images and text'),
  incident('I-67', 'Biohub/esm#405', 'Names that the model does not know: it ran with random weights behind a warning', 'model definition'),
  incident('I-69', 'mlx-examples#564 mlx-lm#722 mlx-lm#1298', 'A head stored beside tied embeddings'),
  incident('I-71', 'huggingface/transformers#43429', 'Tied by the text model’s flag only: the head was filled at random'),
  incident('I-73', 'moona3k/mlx-qwen3-asr#12', 'A flag for tied embeddings two levels down'),
  incident('I-75', 'mlx-swift-lm#99', 'An embedding with more rows than the vocabulary, padded to a multiple of 64'),
  incident('I-77', 'lablup/mlxcel#519', 'Experts under names that the loader does not stack', 'swift or rust'),
  incident('I-79', 'jundot/omlx#2598', 'Experts stacked with weights and scales, their biases forgotten', 'loader source'),
  incident('I-81', 'mlx-lm#1294', 'Shared experts as one module in the file and as a list in the model', 'model definition'),
  incident('I-83', 'magicnight/Mac-MLX#78', 'One expert missing, and with it the others, which were taken out before anyone counted'),
  incident('I-85', 'mlx-vlm#2186', 'A patch embedding in the axes of PyTorch, which this loader does not turn', 'model definition'),
  incident('I-87', 'lablup/mlxcel#429', 'A convolution of one channel, whose axes two readings fit', 'swift or rust'),
  incident('I-89', 'mlx-examples#1064', 'A convolution over time in the axes of PyTorch, which this loader does not turn', 'model definition'),
  incident('I-91', 'mlx-swift-examples#262', 'Names of an adapter where the model’s own are expected', 'swift or rust'),
  incident('I-93', 'mlx-lm#1197 mlx-lm#1198 mlx-lm#1442 mlx-lm#1623', 'Norms shifted by one a second time in a converted model that kept its further layer', 'values'),
  incident('I-97', 'vllm#26343 vllm#26092', 'GPTQ of the second version read as the first: zero points off by one', 'values'),
  incident('I-101', 'vllm#54444', 'NVFP4 without its second scale, for which the runtime took unwritten memory'),
  incident('I-103', 'mlx-vlm#624 mlx-vlm#638', 'The index of the source copied over that of the converted model'),
  incident('I-105', 'ddalcu/mlx-serve#465', 'An index of five shards beside the two that are there'),
  incident('I-107', 'huggingface_hub#4725', 'An index with a tensor that its shard does not hold'),
  incident('I-109', 'unslothai/unsloth-zoo#808 unslothai/unsloth#2978', 'Two shards of an old save beside the four of the new'),
  incident('I-113', 'jjang-ai/vmlx#114', 'Weight and scales in two shards, and a loader that takes one at a time'),
  incident('I-115', 'jundot/omlx#2096 mlx-examples#896 mzbac/mlx-llm-server#1', 'Shards under names that the loader does not look for'),
  incident('I-117', 'microsoft/OmniParser#34 deepseek-ai/DeepSeek-V3#557 turboderp/exllama#242', 'HeaderTooLarge: a pointer or a web page where the weights should be'),
  incident('I-119', 'osaurus-ai/vmlx-swift#217', 'Eight of 102 shards cut short; what was read past the end made every fifth start gibberish'),
  incident('I-123', 'Comfy-Org/ComfyUI#15602', 'Bytes behind the last tensor, which one reader takes and another refuses'),
  incident('I-125', 'jundot/omlx#599', 'A download that said 100 % and had not everything'),
  incident('I-126', 'JustVugg/colibri#1317', 'One file short of 142: the first, numbered from 0'),
  incident('I-127', 'JustVugg/colibri#1476', 'Layers dropped by a converter: 78 by the config, 42 in the files'),
  incident('I-130', 'youssofal/MTPLX#234', 'Config and index damaged by a download that was resumed'),
  incident('I-131', 'vllm#53537', 'A shard of the right size with wrong contents', 'values'),
  incident('I-132', 'safetensors/safetensors#220', 'NaN in a download that looked whole; a checksum was asked for', 'values'),
  incident('I-133', 'mlx-examples#341 mlx-examples#336', 'An MLX that was too old for the header', 'version'),
  incident('I-135', 'exo#1873', 'An odd number of groups, which two machines cannot share'),
  incident('I-137', 'exo#953 exo#1315', 'Groups that three machines cannot share', 'ranks'),
  incident('I-145', 'mlx#4055 mlx#4056', 'gather_qmm on a slice of rows', 'gpu'),
  incident('I-146', 'mlx#3480', 'A broadcast batch in quantized_matmul', 'gpu'),
  incident('I-147', 'mlx#4250', 'quantized_matmul without transposing, for few columns', 'gpu'),
  incident('I-149', 'mlx#665', 'Fewer than eight outputs: NaN', 'gpu'),
  incident('I-150', 'mlx#3762', 'Fewer than eight outputs in mxfp4: the byte of a scale for a result', 'gpu'),
  incident('I-151', 'mlx#369', 'Arrays that were broadcast, saved as zeros', 'values'),
  incident('I-152', 'MinishLab/model2vec#341', 'Arrays in Fortran’s order, saved with their values mixed up', 'values'),
  incident('I-153', 'mlx-vlm#1163', 'Features of an image beyond what half precision holds', 'activations'),
  incident('I-155', 'mlx-swift#420', 'Scales in half precision beside bfloat16'),
  incident('I-156', 'lablup/mlxcel#289 lablup/mlxcel#290', 'The same, a third slower'),
  incident('I-157', 'mlx-lm#1172 mlx-lm#1564', 'An adapter fused into 4 bits, whose grid swallows it', 'values'),
  incident('I-158', 'mlx-lm', 'A config with the copy of the block for Hugging Face’s tools alone: KeyError'),
  incident('I-159', 'mlx-examples#425', 'A fused model that equals its base', 'values'),
  incident('I-160', 'mlx-examples#967', 'An architecture that does not bear a quantized embedding', 'values'),
  incident('I-161', 'mlx-lm#426', 'Heads wider than hidden_size over heads, by a number that was not read'),
  incident('I-163', 'mlc-ai/mlc-llm#1456', 'An intermediate_size of another model of the family'),
]
