import { expect, test } from 'vitest'
import { type Contract, type Operation, pathKeys } from '../../../../src/kernel/contract.ts'
import { reaches, Scope } from '../../../../src/kernel/principal.ts'
import { agentsContract } from '../../../../src/services/agents/agents.contract.ts'
import { authContract } from '../../../../src/services/auth/auth.contract.ts'
import { cityContract } from '../../../../src/services/city/city.contract.ts'
import { knowledgeContract } from '../../../../src/services/knowledge/knowledge.contract.ts'
import { llmProxyContract } from '../../../../src/services/llm-proxy/llm-proxy.contract.ts'
import { multimodalGatewayContract } from '../../../../src/services/multimodal-gateway/multimodal-gateway.contract.ts'
import { routerContract } from '../../../../src/services/router/router.contract.ts'
import { routerV2Contract } from '../../../../src/services/router-v2/router-v2.contract.ts'
import { PURPOSE_NAMES, PURPOSES, purposesOf, scopesFor } from './scopes.ts'

const CONTRACTS: readonly Contract[] = [
  agentsContract,
  authContract,
  cityContract,
  knowledgeContract,
  llmProxyContract,
  multimodalGatewayContract,
  routerContract,
  routerV2Contract,
]
const operations: readonly Operation[] = CONTRACTS.flatMap((contract) => Object.values(contract))

test.each(PURPOSE_NAMES)('every pattern of %s holds a right that there is', (name) => {
  for (const scope of PURPOSES[name]) {
    expect(Scope.safeParse(scope).success, scope).toBe(true)
    expect(
      operations.some(({ right }) => reaches([scope], right)),
      scope,
    ).toBe(true)
  }
})

test('what reads changes nothing', () => {
  for (const op of operations)
    if (reaches(PURPOSES.read, op.right) && op.access !== 'service')
      expect(['GET', 'POST'], `${op.method} ${op.path} ${pathKeys(op)}`).toContain(op.method)
})

test('purposes are found again in the scopes they made, beside what was added by hand', () => {
  const scopes = [...scopesFor(['say', 'ask']), 'city.poll.read']
  expect(purposesOf(scopes)).toEqual({ purposes: ['say', 'ask'], others: ['city.poll.read'] })
})
