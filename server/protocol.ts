// Messages and plain data that the server shares with its clients: types and string constants, nothing that runs.
// The findings and the verification report are also the command line's JSON (docs/cli.md), so they are kept stable.

/** Zero-based line and UTF-16 column, as in the Language Server Protocol. */
export interface Position {
  readonly line: number
  readonly character: number
}

export interface Range {
  readonly start: Position
  readonly end: Position
}

export type Severity = 'error' | 'warning' | 'information' | 'hint'

/** Severities by rule, as people set them; `default` is the rule's own choice. */
export type SeverityTable = Readonly<Record<string, Severity | 'off' | 'default'>>

/** Checkpoints that programs load: patterns of programs, each with a path or several. */
export type CheckpointTable = Readonly<Record<string, string | readonly string[]>>

/** A replacement of `range` in the file `path` (absolute inside the server). */
export interface Edit {
  readonly path: string
  readonly range: Range
  readonly newText: string
}

/** A repair; `safe` may be applied in bulk, `needs-a-look` only one at a time and by a person. */
export interface Fix {
  readonly title: string
  readonly kind: 'safe' | 'needs-a-look'
  readonly edits: readonly Edit[]
}

/** Another place that explains a finding. Where it is a tensor, `path` is its shard and the range is 0:0-0:0. */
export interface Because {
  readonly path: string
  readonly range: Range
  readonly message: string
  readonly tensor?: string
}

/** One fault at one place, with every tensor it concerns. */
export interface Finding {
  readonly rule: string
  readonly severity: Severity
  readonly path: string
  readonly range: Range
  readonly message: string
  readonly tensors: readonly string[]
  readonly because: readonly Because[]
  readonly fixes: readonly Fix[]
}

/** What a list of models says of each. `path` is the model's folder, or the lone file. */
export interface ModelSummary {
  readonly path: string
  readonly kind: string
  readonly tensors: number
  readonly bytes: number
  readonly shards: readonly string[]
  readonly config: string | null
}

/** What a loader does to a stored tensor before it hands it on; shapes in elements, axes non-negative. */
export type ArrayOp =
  | { readonly op: 'transpose'; readonly axes: readonly number[] }
  | { readonly op: 'slice'; readonly axis: number; readonly start: number; readonly stop: number }
  | { readonly op: 'reshape'; readonly shape: readonly number[] }
  | { readonly op: 'contiguous' }

/** One stored tensor and the way it is delivered. Offsets are bytes from the start of the file. */
export interface DeliveredTensor {
  readonly name: string
  readonly path: string
  readonly dtype: string
  readonly shape: readonly number[]
  readonly beginBytes: number
  readonly endBytes: number
  readonly ops: readonly ArrayOp[]
}

/** Everything that one `mx.dequantize` call needs. `biases` is absent for the modes that have none. */
export interface DequantizeJob {
  readonly weight: DeliveredTensor
  readonly scales: DeliveredTensor
  readonly biases?: DeliveredTensor
  readonly groupSize: number
  readonly bits: number
  readonly mode: string
}

/** A module to verify: as delivered now (or why that is not known) and as delivered after the proposed fix. */
export interface VerifyItem {
  readonly module: string
  readonly path: string
  readonly job?: DequantizeJob
  readonly skipped?: string
  readonly afterFix?: DequantizeJob
}

/** The outcome of one dequantization. Numbers that do not exist are null. */
export interface DequantizeResult {
  readonly status: 'ok' | 'error' | 'skipped'
  readonly error: string | null
  readonly shape: readonly number[] | null
  readonly dtype: string | null
  /** Of the decoded matrix's bytes: row-major, little-endian, in `dtype`. */
  readonly sha256: string | null
  readonly min: number | null
  readonly max: number | null
  readonly mean: number | null
  readonly nan: number | null
  readonly inf: number | null
  readonly ms: number
}

export interface VerifiedModule extends DequantizeResult {
  readonly module: string
  readonly path: string
  readonly afterFix?: DequantizeResult
}

export type Engine = 'mlx' | 'builtin' | 'both'

export interface VerifyReport {
  readonly version: 1
  readonly engine: Engine
  readonly mlxVersion: string | null
  /** Why MLX did not run where it was wanted, and what to do about it. */
  readonly notice?: Notice
  readonly modules: readonly VerifiedModule[]
}

/** A missing part of the world: what is not there, what to do, and the shell command that does it, if one does. */
export interface Notice {
  readonly reason: string
  readonly remedy: string
  readonly command?: string
}

/** A row of the sidebar tree; the server decides everything that it shows. */
export interface TreeNode {
  readonly id: string
  readonly label: string
  readonly description?: string
  readonly tooltip?: string
  /** A codicon name. */
  readonly icon: string
  /** What menus ask for: `model`, `shard`, `rank`, `module`, `tensor`, `folder`. */
  readonly kind: string
  readonly severity?: Severity
  readonly hasChildren: boolean
  /** File that "reveal" shows. */
  readonly path?: string
  /** Full tensor name or module path that "copy" copies. */
  readonly name?: string
  /** The model that the row belongs to. */
  readonly model?: string
}

export type TreeGrouping = 'shard' | 'module'

export interface TreeParams {
  readonly parent?: string
  readonly grouping: TreeGrouping
  readonly filter: string
}

export interface VerifyParams {
  /** A model's path; absent: every model. */
  readonly model?: string
  /** Only modules whose path begins so, or whose shard is this file or folder. */
  readonly scope?: string
  readonly engine?: Engine | 'auto'
}

export interface HeaderParams {
  readonly path: string
  /** The tensor whose line the reader wants to see. */
  readonly tensor?: string
}

/** A stored tensor, as links and commands name it: its model, its shard, its name. */
export interface RevealParams {
  readonly model: string
  readonly path: string
  readonly tensor: string
}

/** Every safe fix of the workspace in one edit. */
export interface FixAll {
  readonly fixes: number
  readonly files: number
  /** A WorkspaceEdit of the Language Server Protocol. */
  readonly edit: unknown
}

/** The loads of one file: how many, of which models, and a list with those that were not understood first. */
export interface FileLoads {
  readonly loads: number
  readonly dequantized: number
  readonly unknown: number
  /** Names of the models whose tensors were met. */
  readonly models: readonly string[]
  readonly entries: readonly LoadEntry[]
}

export interface LoadEntry {
  readonly range: Range
  /** The expression, shortened to a line. */
  readonly text: string
  readonly understood: boolean
  /** What it gave, or why it was not followed. */
  readonly detail: string
}

/** A place in a document. */
export interface TensorAtParams {
  readonly uri: string
  readonly position: Position
}

/** Whose loaders are asked for: a line of the header's page of `path`, a tensor, or a module with all that lies in it. */
export interface LoadersParams {
  readonly model?: string
  /** A shard. */
  readonly path?: string
  readonly line?: number
  readonly tensor?: string
  readonly module?: string
}

/** Places that load what was asked for. `subject` says it in words; `unknown` loads were not followed and may as well. */
export interface Loaders {
  readonly subject: string
  readonly places: readonly { readonly path: string; readonly range: Range }[]
  readonly unknown: number
}

export interface RowsToParams extends RevealParams {
  readonly grouping: TreeGrouping
}

export interface HeaderText {
  readonly text: string
  readonly line: number
}

/** What a written analysis is about; without any of these, everything that is open. */
export interface ExplainParams {
  /** A model's path. */
  readonly model?: string
  /** A module path, or a shard or folder of shards. */
  readonly scope?: string
  /** A finding: its rule, and the file and zero-based line where it sits. */
  readonly finding?: { readonly rule: string; readonly path?: string; readonly line?: number }
  /** The text of an error, with its traceback where there is one. */
  readonly error?: string
}

/** A written analysis, and the places where a reader wants to land, best first. */
export interface Explanation {
  readonly markdown: string
  readonly places: readonly Because[]
}

/**
 * What whoever starts the server's process tells V8, in MiB. This is what V8 did by itself up to Node 20; that of Node 24 would
 * let the youngest objects have several times as much.
 */
export const serverFlags: readonly string[] = ['--max-semi-space-size=16']

/** How a line of a terminal looks in which MLX's error begins; a regular expression that needs linear time. */
export const errorLinePattern =
  '\\[(?:dequantize|quantize|quantized_matmul|gather_qmm|qqmm|QQMatmul|GatherQQMM|load_safetensors|safetensor|load|read|reshape|broadcast_shapes|matmul|fast::[\\w:]{1,60})\\] .{1,400}' +
  '|Expected shape \\([\\d, ]{0,200}\\) but received shape .{1,400}' +
  '|(?:Received|Missing) \\d{1,9} parameters.{0,400}' +
  '|Quantization (?:group size|bits) must be .{1,100}' +
  '|Cannot infer the quantization mode of .{1,300}' +
  '|Invalid quantization mode .{1,200}' +
  '|conversion failure from undefined.{0,200}'

/** Names of our own requests and notifications. */
export const messages = {
  /** client → server: children of a row → TreeNode[] */
  tree: 'tensorlint/tree',
  /** client → server: RowsToParams → TreeNode[], from the model down to the tensor */
  rowsTo: 'tensorlint/rowsTo',
  /** client → server: () → FixAll */
  fixAll: 'tensorlint/fixAll',
  /** client → server: { uri } → FileLoads, or null for a document that is no program */
  fileLoads: 'tensorlint/fileLoads',
  /** client → server: TensorAtParams → RevealParams of the first tensor that the place speaks of, or null */
  tensorAt: 'tensorlint/tensorAt',
  /** client → server: LoadersParams → Loaders */
  loaders: 'tensorlint/loaders',
  /** server → client: rows or badges changed, ask again */
  treeChanged: 'tensorlint/treeChanged',
  /** client → server: VerifyParams → VerifyReport; reports work-done progress, can be cancelled */
  verify: 'tensorlint/verify',
  /** client → server: HeaderParams → HeaderText */
  header: 'tensorlint/header',
  /** client → server: ExplainParams → Explanation */
  explain: 'tensorlint/explain',
  /** client → server: () → ServerStatus, for "Copy Debug Information" and tests */
  status: 'tensorlint/status',
} as const

/** The scheme of the read-only header documents: `tensorlint-header:/path/to/file.safetensors?tensor=name`. */
export const headerScheme = 'tensorlint-header'

/** The scheme of a rule's page in our own client: `tensorlint-rule:/transposed-triple.md`. */
export const ruleScheme = 'tensorlint-rule'

/** Settings the client sends as initializationOptions and with workspace/didChangeConfiguration. */
export interface Settings {
  /** Interpreter for the worker; empty: `python3`. */
  readonly python: string
  /** Further model folders or files (absolute, `~` allowed). */
  readonly models: readonly string[]
  /** Glob patterns that `files.exclude` switches on. */
  readonly exclude: readonly string[]
  /** False in an untrusted workspace: the worker must not start. */
  readonly trusted: boolean
  /** The client can open `headerScheme` and `ruleScheme` documents; others get plain file URIs. */
  readonly headerDocuments: boolean
  /** Severities by rule; a project's settings file wins over them. */
  readonly severity: SeverityTable
  /** Which checkpoints programs load; a project's settings file wins over it. */
  readonly checkpoints: CheckpointTable
  /** Whether shapes are shown behind loads and quantized operations. */
  readonly inlayHints: boolean
}

export interface ServerStatus {
  readonly models: number
  readonly tensors: number
  readonly findings: number
  /** Findings left out by comments, settings files and baselines; absent where there are none. */
  readonly suppressed?: number
  readonly loadsUnderstood: number
  readonly loadsUnknown: number
  readonly python: string
  readonly notice?: Notice
}
