/** What a resident has read, for when the line is down. */
export const SEEN = 'seen'
/** Small views of files. */
export const SEEN_FILES = 'seen-files'

/** Nothing of what somebody read stays behind when they leave. */
export async function forgetSeen(): Promise<void> {
  if ('caches' in globalThis) await Promise.all([SEEN, SEEN_FILES].map((name) => caches.delete(name)))
}
