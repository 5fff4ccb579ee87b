/** Whether the multipart reader refused a body for breaking its own form, or for ending before its end. It says so in words alone. */
export function isBrokenForm(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false
  const code = 'code' in cause ? cause.code : undefined
  return (
    code === 'ERR_STREAM_PREMATURE_CLOSE' ||
    code === 'ECONNRESET' ||
    /Boundary not found|Unexpected end|terminated early|Malformed/i.test(cause.message)
  )
}
