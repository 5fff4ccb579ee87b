import type { ServiceName } from '../config.ts'
import type { Contract } from '../kernel/contract.ts'
import { agentsContract } from '../services/agents/agents.contract.ts'
import { authContract } from '../services/auth/auth.contract.ts'
import { cityContract } from '../services/city/city.contract.ts'
import { knowledgeContract } from '../services/knowledge/knowledge.contract.ts'
import { llmProxyContract } from '../services/llm-proxy/llm-proxy.contract.ts'
import { multimodalGatewayContract } from '../services/multimodal-gateway/multimodal-gateway.contract.ts'
import { routerContract } from '../services/router/router.contract.ts'
import { routerV1Contract } from '../services/router-v1/router-v1.contract.ts'
import { routerV2Contract } from '../services/router-v2/router-v2.contract.ts'

/** The public face of every service. */
export const CONTRACTS = {
  auth: authContract,
  city: cityContract,
  agents: agentsContract,
  'llm-proxy': llmProxyContract,
  router: routerContract,
  'router-v1': routerV1Contract,
  'router-v2': routerV2Contract,
  'multimodal-gateway': multimodalGatewayContract,
  knowledge: knowledgeContract,
} as const satisfies Record<ServiceName, Contract>
