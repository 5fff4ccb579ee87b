import type { Client } from '../../kernel/contract.ts'
import { AppError } from '../../kernel/errors.ts'
import type { cityContract } from '../city/city.contract.ts'
import { agentsError } from './agents.errors.ts'
import type { RunEnd } from './agents.store.ts'
import { cite } from './citations.ts'
import type { RunContext } from './context.ts'
import { minutes } from './minutes.ts'
import { failedBy } from './run-end.ts'
import type { Work } from './run-job.ts'
import { templateOf } from './templates.ts'

export interface RuleNeeds {
  /** Whether the city has a language model; without this it is taken to have one. */
  readonly hasModel: ((signal: AbortSignal) => Promise<boolean>) | undefined
  readonly reports: Pick<Client<typeof cityContract>, 'reports'> | undefined
}

/** Who wrote an answer that no model wrote. */
const RULES = 'rules'

/** What an agent does where the city has no language model: its own work by rules, or an honest no. Undefined where a model, or the librarian in its place, is asked. */
export async function answerWithout(
  work: Work,
  context: RunContext,
  signal: AbortSignal,
): Promise<RunEnd | undefined> {
  const without = templateOf(work.agent.template)?.without ?? 'librarian'
  if (without === 'librarian' || !work.hasModel) return undefined
  // Who cannot be asked is no reason to refuse: the model itself will say.
  if (await work.hasModel(signal).catch(() => true)) return undefined
  const { row, store, db, agent, here } = work
  const index = await store.openStep(row.id, 'rules')
  const end = await byRules(without, work, context, signal)
  const { state, error } = end
  await store.closeStep(db, row.id, index, {
    state,
    detail: error ? { code: error.code } : { rules: without, agent: agent.slug },
  })
  if (end.text !== '') here.say(end.text)
  return end
}

async function byRules(
  without: 'minutes' | 'reports' | 'nothing',
  work: Work,
  context: RunContext,
  signal: AbortSignal,
): Promise<RunEnd> {
  const { agent, row } = work
  if (without === 'nothing') return failedBy(agentsError('agents.needs_model', { name: agent.name }))
  if (without === 'minutes') {
    const { text, citations } = cite(minutes(row.request, context), context.sources)
    return { state: 'done', text, citations, engine: RULES, error: null }
  }
  if (!work.reports) return failedBy(agentsError('agents.rooms_absent'))
  if (context.alone !== true)
    return { state: 'done', text: ALONE[context.language], citations: [], engine: RULES, error: null }
  try {
    const call = { principal: row.request.asker, requestId: work.requestId, signal }
    const { items } = await work.reports.reports({ state: 'waiting' }, call)
    const text = `${WAITING[context.language]} ${items.length}.`
    return { state: 'done', text, citations: [], engine: RULES, error: null }
  } catch (cause) {
    signal.throwIfAborted()
    return failedBy(AppError.from(cause))
  }
}

const WAITING = { uk: 'Скарг, що чекають на вас:', en: 'Reports that wait for you:' }
const ALONE = {
  uk: 'Про скарги кажу лише в розмові зі мною наодинці: інші їх бачити не повинні.',
  en: 'I tell of reports only where nobody else is in the room: others are not to see them.',
}
