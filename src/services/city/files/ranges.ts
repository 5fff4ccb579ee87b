export interface ByteRange {
  readonly start: number
  /** Inclusive. */
  readonly end: number
}

/** The part of `sizeBytes` that a `Range` header asks for (RFC 9110, 14.1.2): nothing where it asks for the whole, for several parts, or cannot be read; `outside` where none of it is there. */
export function parseRange(header: string | undefined, sizeBytes: number): ByteRange | 'outside' | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '')
  if (!match) return undefined
  const [, from = '', to = ''] = match
  if (from === '' && to === '') return undefined
  if (from === '') {
    const length = Math.min(Number(to), sizeBytes)
    return length === 0 ? 'outside' : { start: sizeBytes - length, end: sizeBytes - 1 }
  }
  const start = Number(from)
  if (to !== '' && Number(to) < start) return undefined
  if (start >= sizeBytes) return 'outside'
  return { start, end: Math.min(to === '' ? sizeBytes - 1 : Number(to), sizeBytes - 1) }
}
