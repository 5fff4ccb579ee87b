import { AppError } from '../../../kernel/errors.ts'
import type { Events } from '../../../platform/events/events.ts'
import { type RunFinished, runFinished } from '../agents.events.ts'
import type { AgentsDb } from '../agents.store.ts'
import type { AgentsTables } from '../agents.tables.ts'
import type { AgentsCity } from '../agents.ts'
import type { AutomationStore } from './automations.store.ts'
import { asAgent } from './fire.ts'

const MAX_SOURCES = 8

/** What an automation's run came to is said in its room by the agent, once, a failure too: nobody asked, so nobody waits to be told elsewhere. */
export function consumeSaid({
  db,
  events,
  automations,
  city,
}: {
  readonly db: AgentsDb
  readonly events: Events
  readonly automations: AutomationStore
  readonly city: Pick<AgentsCity, 'post'>
}): void {
  events.consume<AgentsTables, typeof runFinished>({
    name: 'agents.automation_said',
    db,
    types: [runFinished],
    async handle({ data, requestId }, job) {
      if (data.message !== null || data.room === null || data.state === 'cancelled') return
      const row = await automations.ofRun(data.run)
      if (!row) return
      const text = wordsOf(row.name, data)
      if (text === '') return
      try {
        const principal = asAgent(data.agent)
        const said = { room: row.room, clientId: data.run, text }
        await city.post(said, {
          principal,
          signal: job.signal,
          ...(requestId !== undefined && { requestId }),
        })
      } catch (cause) {
        job.signal.throwIfAborted()
        const problem = AppError.from(cause)
        if (problem.retryable) throw cause
        await job.commit((tx) =>
          automations.change(tx, row.id, { state: 'paused', nextAt: null, problem: problem.toJSON().error }),
        )
      }
    },
  })
}

function wordsOf(name: string, { state, text, citations, error }: RunFinished): string {
  if (state === 'failed')
    return `«${name}» не вдалося: ${error?.message ?? state}\n“${name}” failed: ${error?.message ?? state}`
  const sources = citations.slice(0, MAX_SOURCES).map(({ n, title }) => `[${n}] ${title}`)
  return [text.trim(), ...sources].filter((line) => line !== '').join('\n')
}
