import { connect } from '../../src/kernel/client.ts'
import { agentsContract } from '../../src/services/agents/agents.contract.ts'
import { authContract } from '../../src/services/auth/auth.contract.ts'
import { cityContract } from '../../src/services/city/city.contract.ts'
import { knowledgeContract } from '../../src/services/knowledge/knowledge.contract.ts'
import { multimodalGatewayContract } from '../../src/services/multimodal-gateway/multimodal-gateway.contract.ts'

/** Typed clients of the city this page came from. The session is a cookie, so nothing is handed on. */
export function createApi(origin: string) {
  const fetch: typeof globalThis.fetch = (url, init) =>
    globalThis.fetch(url, { ...init, credentials: 'same-origin' })
  return {
    auth: connect(origin, authContract, { fetch }),
    city: connect(origin, cityContract, { fetch }),
    agents: connect(origin, agentsContract, { fetch }),
    knowledge: connect(origin, knowledgeContract, { fetch }),
    gateway: connect(origin, multimodalGatewayContract, { fetch }),
  }
}
export type Api = ReturnType<typeof createApi>

export const fileUrl = (file: string): string => `/api/city/files/${encodeURIComponent(file)}`
export const thumbnailUrl = (file: string): string => `${fileUrl(file)}/thumbnail`
