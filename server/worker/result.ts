// A DequantizeResult from the other process is a stranger until its fields have been looked at.

import type { DequantizeResult } from '../protocol'

/** A result without numbers, for what could not be run or failed. */
export function emptyResult(status: 'error' | 'skipped', error: string, ms = 0): DequantizeResult {
  const nothing = { shape: null, dtype: null, sha256: null, min: null, max: null, mean: null, nan: null, inf: null }
  return { status, error, ...nothing, ms }
}

/** The result in a response of the worker; undefined where it is not one. */
export function readResult(value: unknown): DequantizeResult | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const get = (name: string): unknown => (Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined)
  const status = get('status')
  if (status !== 'ok' && status !== 'error') return undefined
  const shape = get('shape')
  const ms = number(get('ms'))
  const error = text(get('error'))
  const sha256 = text(get('sha256'))
  if (ms === null || (status === 'error' ? error === null : sha256 === null)) return undefined
  return {
    status,
    error,
    shape: Array.isArray(shape) && shape.every(isNumber) ? shape : null,
    dtype: text(get('dtype')),
    sha256,
    min: number(get('min')),
    max: number(get('max')),
    mean: number(get('mean')),
    nan: number(get('nan')),
    inf: number(get('inf')),
    ms,
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value)
}

function number(value: unknown): number | null {
  return isNumber(value) ? value : null
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
