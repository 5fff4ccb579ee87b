import type { Clock } from '../../kernel/clock.ts'
import type { Client } from '../../kernel/contract.ts'
import { checkTold, told as saying } from '../../platform/http/check.errors.ts'
import type { Check } from '../../platform/http/service.ts'
import type { Logger } from '../../platform/logger.ts'
import type { authContract } from '../auth/auth.contract.ts'

const AGAIN_MS = 500

interface EnrolmentNeeds {
  readonly auth: Pick<Client<typeof authContract>, 'enrolAgent'>
  readonly clock: Clock
  readonly logger?: Logger | undefined
}

/** Makes agents known to auth. Services open in any order, so one that finds auth away goes on, and tells it as soon as it is there. */
export function createEnrolment({ auth, clock, logger }: EnrolmentNeeds) {
  const waiting = new Set<string>()

  async function told(agent: { id: string; name: string }): Promise<boolean> {
    try {
      await auth.enrolAgent(agent)
      waiting.delete(agent.id)
      return true
    } catch (cause) {
      if (!waiting.has(agent.id))
        logger?.warn({ err: cause, agent: agent.id }, 'auth does not know an agent yet')
      waiting.add(agent.id)
      return false
    }
  }

  return {
    /** Resolves after the first attempt; where it failed the next ones follow until one succeeds or the signal aborts. */
    async enrol(agent: { id: string; name: string }, signal: AbortSignal): Promise<void> {
      if (await told(agent)) return
      const again = async () => {
        do await clock.sleep(AGAIN_MS, signal)
        while (!(await told(agent)))
      }
      void again().catch(() => undefined)
    },
    check(): Check {
      if (!waiting.size) return { name: 'auth', state: 'ok' }
      return { name: 'auth', state: 'down', ...saying(checkTold('check.untold')) }
    },
  }
}
