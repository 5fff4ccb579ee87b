import { AppError } from '../../../kernel/errors.ts'
import { isAlone } from '../find-out.ts'
import type { KeptAgent } from '../registry.store.ts'
import type { Work } from '../run-job.ts'
import { askable } from './delegate.ts'

/** The agents that a run may ask where it works: in a room those of its policy, asked of the city each time, so that what its keepers changed holds at once. Where the asker is alone with agents they may ask any that answers, unless agents are off there. Where the asker may no longer read the room, or nobody can tell, there is nobody. */
export async function askableHere(work: Work, signal: AbortSignal): Promise<KeptAgent[]> {
  const { row, registry, members, requestId } = work
  const others = askable(work, await registry.active())
  const { room, asker } = row.request
  if (!room || others.length === 0) return others
  if (!members) return []
  const call = { principal: asker, requestId, signal }
  const found = await members.room({ room: room.id }, call).catch((cause: unknown) => {
    if (AppError.from(cause).kind !== 'not_found') throw cause
    return undefined
  })
  if (!found || found.replyPolicy.mode === 'off') return []
  if (found.visibility === 'direct' && (await isAlone(work, signal))) return others
  return others.filter(({ slug }) => found.replyPolicy.agents.includes(slug))
}
