export interface Row {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly limit: number
  readonly direction: 'at most' | 'at least'
}
