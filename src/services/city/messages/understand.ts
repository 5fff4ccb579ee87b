import { cityError } from '../city.errors.ts'
import { ClientFrame } from '../city.live.contract.ts'
import { checkText } from './text.ts'

/** What a client said, or why that cannot be told; and what it was about, so that the client knows which of its frames was refused. */
export interface Understood {
  readonly said?: ClientFrame
  readonly about: { room?: string; clientId?: string }
  readonly fault?: unknown
}

/** Reads what a client sent; what cannot be read comes with the fault to answer. */
export function understand(text: string): Understood {
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch {
    return { about: {}, fault: cityError('city.frame_invalid', { detail: 'not JSON' }) }
  }
  const about = place(raw)
  const parsed = ClientFrame.safeParse(raw)
  if (parsed.success) return { said: parsed.data, about }
  try {
    if (typeof raw === 'object' && raw && 'text' in raw && typeof raw.text === 'string') checkText(raw.text)
  } catch (fault) {
    return { about, fault }
  }
  const detail = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')
  return { about, fault: cityError('city.frame_invalid', { detail: detail.slice(0, 500) }) }
}

/** What a frame is about, as far as it can be told, so that the client knows which of its frames was refused. */
function place(raw: unknown): { room?: string; clientId?: string } {
  const { room, clientId } = Object(raw) as { room?: unknown; clientId?: unknown }
  return {
    ...(typeof room === 'string' && { room }),
    ...(typeof clientId === 'string' && { clientId }),
  }
}
