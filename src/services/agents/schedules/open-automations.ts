import type { Handlers } from '../../../kernel/contract.ts'
import { residentErased } from '../../auth/auth.events.ts'
import { agentsError } from '../agents.errors.ts'
import type { AgentsDb, AgentsStore } from '../agents.store.ts'
import type { AgentsTables } from '../agents.tables.ts'
import type { AgentsNeeds } from '../agents.ts'
import type { automationOperations } from '../automations.contract.ts'
import type { RegistryStore } from '../registry.store.ts'
import { watchKeywords } from '../triggers/keywords.ts'
import { consumeTriggers } from '../triggers/triggers.ts'
import { createAutomationStore } from './automations.store.ts'
import { createAutomations } from './automations.ts'

interface Opened {
  readonly handlers: Handlers<typeof automationOperations>
  /** Begins to look for words. */
  start(): void
  /** Resolves once nobody looks any more, after the signal. */
  stopped(): Promise<void>
}

const absent = async (): Promise<never> => {
  throw agentsError('agents.rooms_absent')
}

/** Agents that run by themselves, where there are rooms to do it in and people to do it for. */
export function openAutomations(
  needs: Omit<AgentsNeeds, 'db'> & {
    readonly db: AgentsDb
    readonly store: AgentsStore
    readonly registry: RegistryStore
  },
  signal: AbortSignal,
): Opened {
  const { city, people, db, clock, events, logger } = needs
  if (!city || !people)
    return {
      handlers: {
        automations: async () => ({ items: [] }),
        ...{ makeAutomation: absent, changeAutomation: absent, removeAutomation: absent },
      },
      start: () => undefined,
      stopped: async () => undefined,
    }
  const all = { ...needs, city, people, automations: createAutomationStore(db, clock) }
  const handlers = createAutomations(all)
  consumeTriggers(all)
  events.consume<AgentsTables, typeof residentErased>({
    name: 'agents.automation_erase',
    db,
    types: [residentErased],
    handle: ({ data }, job) =>
      job.commit(async (tx) => {
        await tx.deleteFrom('agents.automation').where('owner', '=', data.principal).execute()
      }),
  })
  const failed = (cause: unknown) => logger?.error({ err: cause }, 'words could not be looked for')
  let watching = Promise.resolve()
  return {
    handlers,
    start() {
      watching = watchKeywords({ ...all, failed }, signal)
    },
    stopped: () => watching,
  }
}
