import { createHash } from 'node:crypto'
import type { Clock } from '../../kernel/clock.ts'
import type { Answer, Ask, Asker } from './ask.ts'

const MOST = 500
const MOST_BYTES = 256 * 1024

/** Gives an answer again to exactly the same request of the same payer, where the request asks for that by `daarion.cache`, for so long. Whole answers alone; kept in memory. */
export function cachedAsk(ask: Ask, keepMs: () => number, clock: Pick<Clock, 'now'>): Ask {
  const kept = new Map<string, { readonly answer: Extract<Answer, { kind: 'whole' }>; readonly at: number }>()
  const kindly: Ask = async (asked, asker, signal) => {
    const { daarion: _hints, stream: _whole, ...request } = asked.request
    const key = keyOf(request, asker)
    const found = kept.get(key)
    if (found && clock.now() - found.at < keepMs()) return found.answer
    kept.delete(key)
    const answer = await ask(asked, asker, signal)
    if (answer.kind === 'stream' || answer.bytes.length > MOST_BYTES) return answer
    const [oldest] = kept.keys()
    if (kept.size >= MOST && oldest !== undefined) kept.delete(oldest)
    kept.set(key, { answer, at: clock.now() })
    return answer
  }
  return (asked, asker, signal) => {
    const { daarion, stream } = asked.request
    return (daarion?.cache === true && stream !== true ? kindly : ask)(asked, asker, signal)
  }
}

/** One payer never sees what another was answered. */
function keyOf(request: object, { payer, mayLeave }: Asker): string {
  const { principal, key, agent, community, room } = payer
  const who = [principal, key, agent, community, room, mayLeave]
  return createHash('sha256')
    .update(JSON.stringify([who, request]))
    .digest('base64')
}
