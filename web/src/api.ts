import { connect } from '../../src/kernel/client.ts'
import type { agentsContract } from '../../src/services/agents/agents.contract.ts'
import { runOperations } from '../../src/services/agents/runs.contract.ts'
import type { authContract } from '../../src/services/auth/auth.contract.ts'
import { doorOperations } from '../../src/services/auth/door.contract.ts'
import { residentOperations } from '../../src/services/auth/residents.contract.ts'
import { actOperations } from '../../src/services/city/acts.contract.ts'
import type { cityContract } from '../../src/services/city/city.contract.ts'
import { deskOperations } from '../../src/services/city/desk.contract.ts'
import { fileOperations } from '../../src/services/city/files.contract.ts'
import { memberOperations } from '../../src/services/city/members.contract.ts'
import { messageOperations } from '../../src/services/city/messages.contract.ts'
import { presenceOperations } from '../../src/services/city/presence.contract.ts'
import { roomOperations } from '../../src/services/city/rooms.contract.ts'
import type { knowledgeContract } from '../../src/services/knowledge/knowledge.contract.ts'
import type { operatorOperations } from '../../src/services/llm-proxy/operator.contract.ts'
import type { usageOperations } from '../../src/services/llm-proxy/usage.contract.ts'
import type { multimodalGatewayContract } from '../../src/services/multimodal-gateway/multimodal-gateway.contract.ts'
import type { routerContract } from '../../src/services/router/router.contract.ts'
import type { routerV1Contract } from '../../src/services/router-v1/router-v1.contract.ts'
import type { routerV2Contract } from '../../src/services/router-v2/router-v2.contract.ts'
import { later } from './later.ts'

type LlmDesk = typeof operatorOperations & typeof usageOperations

/** What a room asks of the city as soon as it opens. */
const inRoom = {
  ...roomOperations,
  ...memberOperations,
  ...messageOperations,
  ...actOperations,
  ...deskOperations,
  ...fileOperations,
  ...presenceOperations,
}

/** Typed clients of the city this page came from. The session is a cookie, so nothing is handed on. The contracts of what the first room does without come with the first call of them. */
export function createApi(origin: string) {
  const fetch: typeof globalThis.fetch = (url, init) =>
    globalThis.fetch(url, { ...init, credentials: 'same-origin' })
  return {
    auth: later<typeof authContract>(
      connect(origin, { ...doorOperations, ...residentOperations }, { fetch }),
      async () =>
        connect(origin, (await import('../../src/services/auth/auth.contract.ts')).authContract, { fetch }),
    ),
    city: later<typeof cityContract>(connect(origin, inRoom, { fetch }), async () =>
      connect(origin, (await import('../../src/services/city/city.contract.ts')).cityContract, { fetch }),
    ),
    agents: later<typeof agentsContract>(connect(origin, runOperations, { fetch }), async () =>
      connect(origin, (await import('../../src/services/agents/agents.contract.ts')).agentsContract, {
        fetch,
      }),
    ),
    knowledge: later<typeof knowledgeContract>({}, async () =>
      connect(
        origin,
        (await import('../../src/services/knowledge/knowledge.contract.ts')).knowledgeContract,
        { fetch },
      ),
    ),
    gateway: later<typeof multimodalGatewayContract>({}, async () =>
      connect(
        origin,
        (await import('../../src/services/multimodal-gateway/multimodal-gateway.contract.ts'))
          .multimodalGatewayContract,
        { fetch },
      ),
    ),
    llm: later<LlmDesk>({}, async () => {
      const [{ operatorOperations }, { usageOperations }] = await Promise.all([
        import('../../src/services/llm-proxy/operator.contract.ts'),
        import('../../src/services/llm-proxy/usage.contract.ts'),
      ])
      return connect(origin, { ...operatorOperations, ...usageOperations }, { fetch })
    }),
    router: later<typeof routerContract>({}, async () =>
      connect(origin, (await import('../../src/services/router/router.contract.ts')).routerContract, {
        fetch,
      }),
    ),
    routerV1: later<typeof routerV1Contract>({}, async () =>
      connect(origin, (await import('../../src/services/router-v1/router-v1.contract.ts')).routerV1Contract, {
        fetch,
      }),
    ),
    routerV2: later<typeof routerV2Contract>({}, async () =>
      connect(origin, (await import('../../src/services/router-v2/router-v2.contract.ts')).routerV2Contract, {
        fetch,
      }),
    ),
  }
}
export type Api = ReturnType<typeof createApi>

export const fileUrl = (file: string): string => `/api/city/files/${encodeURIComponent(file)}`
export const thumbnailUrl = (file: string): string => `${fileUrl(file)}/thumbnail`
