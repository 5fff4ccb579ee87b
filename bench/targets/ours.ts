// Our HTTP server with one contract route: security headers, request ids, metrics, validation of input and output.
import { z } from 'zod'
import { get, post } from '../../src/kernel/contract.ts'
import { createHttp } from '../../src/platform/http/http.ts'
import { serve } from '../../src/platform/http/serve.ts'
import { createLogger } from '../../src/platform/logger.ts'
import { createMetrics } from '../../src/platform/metrics.ts'
import { steadyTicks } from '../../src/platform/steady-ticks.ts'
import { In, Out } from './shape.ts'

// As the program does first of all.
steadyTicks()
const app = await createHttp({
  logger: createLogger('warn'),
  metrics: createMetrics(),
  publicUrl: 'http://127.0.0.1',
  trustProxy: false,
  maxUploadBytes: 1024,
})
const contract = {
  read: post('/api/city/read', { right: 'city.thing.read', summary: 'Mark read', input: In, output: Out }),
  page: get('/api/city/page', {
    right: 'city.thing.read',
    summary: 'Page',
    input: z.object({ limit: z.number().int().max(200) }),
    output: Out,
  }),
}
const principal = { id: 'person_1', kind: 'person', name: 'Ада', role: 'resident' } as const
serve(
  app,
  {
    contract,
    handlers: {
      read: async ({ seq, room }) => ({ room, readSeq: seq, items: [] }),
      page: async ({ limit }) => ({ room: 'r', readSeq: limit, items: [] }),
    },
  },
  async () => ({ principal, service: null, credential: null }),
)
console.log(await app.listen({ port: 0, host: '127.0.0.1' }))
process.on('disconnect', () => process.exit())
