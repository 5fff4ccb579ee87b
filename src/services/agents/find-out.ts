import type { Client } from '../../kernel/contract.ts'
import { AppError } from '../../kernel/errors.ts'
import type { cityContract } from '../city/city.contract.ts'
import {
  answerLanguage,
  type Finding,
  messageFindings,
  numbered,
  partFindings,
  questionOf,
  type RunContext,
} from './context.ts'
import { type HearParts, hearParts } from './hear-parts.ts'
import { type Memory, scopeOf } from './memory.ts'
import { type Knowledge, type Retrieved, retrieve } from './retrieve.ts'
import type { Work } from './run-job.ts'
import { earlierTalk, type TalkReader } from './summaries/summarise.ts'

export interface FindingNeeds {
  readonly knowledge: Knowledge | undefined
  readonly memory: Memory
  /** Where it is told who else is in a room. */
  readonly members: Pick<Client<typeof cityContract>, 'members' | 'room'> | undefined
  /** Where it is read what was said before; as the asker. */
  readonly talk: TalkReader | undefined
  readonly hear: HearParts | undefined
}

/** Everything that is known before the model is asked; it is kept with the run. */
export async function findOut(needs: Work, signal: AbortSignal): Promise<RunContext> {
  const { row, agent, store } = needs
  const asked = row.request
  const parts = await hearParts(needs.hear, asked, signal)
  const request = { ...asked, parts }
  const question = questionOf(request, agent.names)
  const fromParts = await step(needs, 'parts', parts.length > 0, async () => {
    const findings = partFindings(request, agent.names, question)
    const failed = parts.filter((part) => part.state === 'failed').length
    return { value: findings, detail: { parts: parts.length, failed, passages: findings.length } }
  })
  const found = await step(needs, 'retrieve', asked.room !== null, () => look(needs, question, signal))
  const kept = await recall(needs, question)
  const window = messageFindings(request, agent.id)
  const whose = await communityOf(needs, signal)
  const earlier = await earlierTalk(needs, needs.talk, window, whose.community, signal)
  const findings = [...(fromParts ?? []), ...(found?.findings ?? []), ...kept, ...earlier, ...window]
  const context: RunContext = {
    question,
    language: answerLanguage(question, findings),
    sources: numbered(findings),
    unread: found?.unread ?? [],
    ...whose,
    alone: await isAlone(needs, signal),
  }
  await store.keepContext(row.id, row.attempt, context)
  return context
}

/** What it noted in this place before. */
async function recall(needs: Work, question: string): Promise<readonly Finding[]> {
  const { row, agent, memory } = needs
  if (!agent.settings.tools.includes(memory.tool.name)) return []
  const found = await memory.recall(agent.id, scopeOf(row.room, row.asker), question)
  await step(needs, 'memory', found.length > 0, async () => ({
    value: found,
    detail: { passages: found.length },
  }))
  return found
}

/** Whether nobody but the asker and agents is in the room. Where that cannot be told, it is not so. */
export async function isAlone(
  { row, members, requestId }: Pick<Work, 'row' | 'members' | 'requestId'>,
  signal: AbortSignal,
): Promise<boolean> {
  const { room, asker } = row.request
  if (!room) return true
  if (room.visibility !== 'direct' || !members) return false
  const call = { principal: asker, requestId, signal }
  const found = await members.members({ room: room.id }, call).catch(() => undefined)
  signal.throwIfAborted()
  return found?.items.every(({ id, kind }) => id === asker.id || kind === 'agent') ?? false
}

/** Whose room it is: what may leave the node is decided by that, so where it cannot be told the run goes no further. */
async function communityOf(
  { row, members, requestId }: Work,
  signal: AbortSignal,
): Promise<{ community?: string }> {
  const { room, asker } = row.request
  if (!room || !members) return {}
  const call = { principal: asker, requestId, signal }
  const found = await members.room({ room: room.id }, call).catch((cause: unknown) => {
    if (AppError.from(cause).kind !== 'not_found') throw cause
    return undefined
  })
  return found?.community ? { community: found.community } : {}
}

/** Search that is absent or down costs its passages, not the answer; the step says so. */
async function look(needs: Work, question: string, signal: AbortSignal) {
  const { knowledge, row, requestId } = needs
  if (!knowledge) return { value: undefined, detail: { absent: true } }
  try {
    const value = await retrieve(knowledge, row.request, question, { signal, requestId })
    const { findings, unread, engine } = value
    return { value, detail: { passages: findings.length, unread: unread.length, engine } }
  } catch (cause) {
    signal.throwIfAborted()
    return { value: undefined as Retrieved | undefined, failed: AppError.from(cause) }
  }
}

/** Runs one step of the trace. What is there after a crash shows how far it came. */
async function step<T>(
  { row, here, store, db }: Work,
  kind: 'parts' | 'retrieve' | 'memory',
  wanted: boolean,
  run: () => Promise<
    { value: T; detail: Readonly<Record<string, unknown>> } | { value: T; failed: AppError }
  >,
): Promise<T | undefined> {
  if (!wanted) return undefined
  const index = await store.openStep(row.id, kind)
  here.at(kind, 'running')
  const result = await run()
  const end =
    'failed' in result
      ? { state: 'failed' as const, detail: { code: result.failed.code } }
      : { state: 'done' as const, detail: result.detail }
  await store.closeStep(db, row.id, index, end)
  here.at(kind, end.state)
  return result.value
}
