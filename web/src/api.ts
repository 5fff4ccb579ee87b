import { z } from 'zod'
import { connect } from '../../src/kernel/client.ts'
import { get, post } from '../../src/kernel/contract.ts'
import { agentsContract } from '../../src/services/agents/agents.contract.ts'
import { authContract } from '../../src/services/auth/auth.contract.ts'
import { cityContract } from '../../src/services/city/city.contract.ts'
import { knowledgeContract } from '../../src/services/knowledge/knowledge.contract.ts'

export const Model = z.object({
  name: z.string(),
  /** What it is for: `speech`, `meaning`, … */
  purpose: z.string(),
  sizeBytes: z.number(),
  state: z.enum(['ready', 'missing', 'pulling', 'broken']),
  doneBytes: z.number(),
  licence: z.string(),
})
export type Model = z.infer<typeof Model>

const modelsContract = {
  models: get('/api/models', {
    summary: 'The models of the city',
    access: 'operator',
    input: z.object({}),
    output: z.object({ items: z.array(Model) }),
  }),
  pull: post('/api/models/:name/pull', {
    summary: 'Install a model',
    access: 'operator',
    input: z.object({ name: z.string() }),
    output: z.unknown(),
  }),
}

/** Typed clients of the city this page came from. The session is a cookie, so nothing is handed on. */
export function createApi(origin: string) {
  const fetch: typeof globalThis.fetch = (url, init) =>
    globalThis.fetch(url, { ...init, credentials: 'same-origin' })
  return {
    auth: connect(origin, authContract, { fetch }),
    city: connect(origin, cityContract, { fetch }),
    agents: connect(origin, agentsContract, { fetch }),
    knowledge: connect(origin, knowledgeContract, { fetch }),
    models: connect(origin, modelsContract, { fetch }),
  }
}
export type Api = ReturnType<typeof createApi>

export const fileUrl = (file: string): string => `/api/city/files/${encodeURIComponent(file)}`
export const thumbnailUrl = (file: string): string => `${fileUrl(file)}/thumbnail`
