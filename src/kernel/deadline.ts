/** Aborts after `ms` with a TimeoutError. Unlike `AbortSignal.timeout` it is held by its timer: inside `AbortSignal.any`, Node 20 collects that one, and it never fires. */
export function deadline(ms: number): AbortSignal {
  const limit = new AbortController()
  const late = () => limit.abort(new DOMException('The deadline has passed', 'TimeoutError'))
  // A timer keeps no process alive; in browsers it is a number.
  Object(setTimeout(late, ms)).unref?.()
  return limit.signal
}
