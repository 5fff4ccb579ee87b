import { AppError, Failure, kernelError } from '../../../../src/kernel/errors.ts'

/** What is being read aloud on this page, and how far it is: one answer at a time. */
export interface Speaking {
  readonly id: string
  readonly state: 'preparing' | 'playing'
}

/** Reads answers aloud by the city's voice. */
export interface Speaker {
  now(): Speaking | null
  /** Hears of changes; ends with what it returns. */
  subscribe(changed: () => void): () => void
  /** Stops what plays and plays this; resolves when it begins, or has been stopped before. Rejects with the city's own failure, or `NotPlayed`. */
  play(id: string, text: string): Promise<void>
  stop(): void
}

/** The browser would not play it. */
export class NotPlayed extends Error {}

/** Sounds kept at hand, so that listening again asks nobody. */
const KEPT = 12

export function createSpeaker(): Speaker {
  const listeners = new Set<() => void>()
  const kept = new Map<string, string>()
  let speaking: Speaking | null = null
  let audio: HTMLAudioElement | null = null
  let asking = new AbortController()

  const tell = (now: Speaking | null) => {
    speaking = now
    for (const changed of listeners) changed()
  }
  const stop = () => {
    asking.abort()
    audio?.pause()
    audio = null
    if (speaking) tell(null)
  }
  const keep = (text: string, url: string) => {
    kept.set(text, url)
    const [oldest] = kept
    if (kept.size <= KEPT || !oldest) return
    kept.delete(oldest[0])
    URL.revokeObjectURL(oldest[1])
  }

  return {
    now: () => speaking,
    subscribe(changed) {
      listeners.add(changed)
      return () => listeners.delete(changed)
    },
    stop,
    async play(id, text) {
      stop()
      asking = new AbortController()
      const { signal } = asking
      tell({ id, state: 'preparing' })
      try {
        const known = kept.get(text)
        const url = known ?? URL.createObjectURL(await fetchSpeech(text, signal))
        if (!known) keep(text, url)
        if (signal.aborted) return
        const sound = new Audio(url)
        audio = sound
        sound.onended = stop
        await sound.play().catch((cause: unknown) => {
          if (!signal.aborted) throw new NotPlayed('the browser plays no sound', { cause })
        })
        if (!signal.aborted) tell({ id, state: 'playing' })
      } catch (cause) {
        if (signal.aborted) return
        stop()
        throw cause
      }
    },
  }
}

async function fetchSpeech(input: string, signal: AbortSignal): Promise<Blob> {
  const response = await fetch('/v1/audio/speech', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ input, response_format: 'mp3' }),
    credentials: 'same-origin',
    signal,
  }).catch((cause: unknown) => {
    throw signal.aborted ? cause : kernelError('peer.unreachable', { peer: location.host }, { cause })
  })
  if (response.ok) return await response.blob()
  throw refusal(response.status, await response.json().catch(() => undefined))
}

/** The city's own failure, which every refusal under `/v1` carries. */
function refusal(status: number, body: unknown): AppError {
  const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined
  const own = typeof error === 'object' && error !== null && 'daarion' in error ? error.daarion : undefined
  const said = Failure.safeParse(own)
  if (!said.success) return kernelError('peer.unintelligible', { peer: location.host, status })
  const { kind, code, message, params } = said.data
  return new AppError(kind, code, message, params)
}
