import { z } from 'zod'
import { post } from '../../kernel/contract.ts'
import { RouteRequest, RouteResult } from '../router-v2/router-v2.contract.ts'

export const routerContract = {
  route: post('/api/route', {
    right: 'router.request.post',
    summary: 'The front door of programs: one request, answered by the router the rollout picks',
    input: RouteRequest,
    output: RouteResult.extend({ router: z.literal('v2') }),
    errors: ['not_found', 'unavailable', 'timeout'],
  }),
}
