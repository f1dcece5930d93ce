// Languages of the programs that the server reads.
export const programLanguages = ['python', 'typescript', 'typescriptreact', 'javascript', 'javascriptreact'] as const
