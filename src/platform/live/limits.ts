/** Why a socket was closed by us, beyond what the protocol itself has. */
export const CLOSE = {
  /** The city restarts: come back. */
  restart: 1012,
  /** The session or key it came in by no longer works. */
  credentialGone: 4401,
  /** It read too slowly: come back and resume. */
  tooSlow: 4408,
  /** It sent too much. */
  flooding: 4429,
} as const

export interface LiveLimits {
  /** Bytes waiting for a slow reader before it is closed. */
  readonly maxBufferedBytes: number
  readonly maxFrameBytes: number
  /** Frames a client may send in a burst, and how many it regains a second. */
  readonly burstFrames: number
  readonly framesPerSecond: number
  readonly pingMs: number
}

export const LIVE_LIMITS: LiveLimits = {
  maxBufferedBytes: 4 * 1024 * 1024,
  maxFrameBytes: 256 * 1024,
  burstFrames: 200,
  framesPerSecond: 40,
  pingMs: 25_000,
}
