import type { FastifyInstance } from 'fastify'
import { type Handlers, invoke } from '../../kernel/contract.ts'
import { openCall } from '../../platform/http/serve.ts'
import type { Authenticate } from '../../platform/http/service.ts'
import { usageCsv } from './books.ts'
import type { llmProxyContract } from './llm-proxy.contract.ts'
import { usageOperations } from './usage.contract.ts'

/** Usage as JSON, or as a file for a spreadsheet. */
export function serveUsage(
  app: FastifyInstance,
  authenticate: Authenticate,
  handlers: Pick<Handlers<typeof llmProxyContract>, 'usage'>,
): void {
  const { usage } = usageOperations
  app.get(usage.path, { config: { answers: 'data' } }, async (request, reply) => {
    const call = await openCall(request, reply, usage, authenticate)
    const answer = usage.output.parse(await invoke(usage, handlers.usage, request.query, call))
    const { by, format } = usage.input.parse(request.query)
    if (format === 'json') return answer
    reply.type('text/csv; charset=utf-8')
    reply.header('content-disposition', 'attachment; filename="usage.csv"')
    return usageCsv(by, answer.items)
  })
}
