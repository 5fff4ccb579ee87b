import { isOperator, type Principal } from '../../kernel/principal.ts'

/** What a right is asked for: a room with what the principal is in it, something with one owner, or the city itself. */
export type Resource =
  | { readonly type: 'city' }
  | { readonly type: 'owned'; readonly owner: string }
  | {
      readonly type: 'room'
      readonly visibility: 'public' | 'private' | 'direct'
      readonly membership: 'owner' | 'member' | null
      /** The author of the message acted on, where it is one. */
      readonly author?: string
    }

export const ACTIONS = [
  'city.operate',
  'city.invite',
  'room.open',
  'room.read',
  'room.post',
  'room.manage',
  'message.correct',
  'run.cancel',
  'owned.read',
  'owned.change',
] as const
export type Action = (typeof ACTIONS)[number]

export type Verdict = { readonly permit: true } | { readonly permit: false; readonly reason: string }

/** The one rule book of rights: pure, default deny. Whoever may not read a thing is told it does not exist; that is the caller's care. */
export function may(principal: Principal | null, action: Action, resource: Resource): Verdict {
  if (!principal) return deny('nobody')
  return grants(principal, action, resource) ? { permit: true } : deny(`${principal.role} may not ${action}`)
}

const deny = (reason: string): Verdict => ({ permit: false, reason })

function grants(principal: Principal, action: Action, resource: Resource): boolean {
  if (resource.type === 'owned')
    return (action === 'owned.read' || action === 'owned.change') && resource.owner === principal.id
  if (resource.type === 'city')
    return (
      action === 'room.open' ||
      ((action === 'city.operate' || action === 'city.invite') && isOperator(principal))
    )
  const reads =
    resource.membership !== null || (resource.visibility === 'public' && principal.kind === 'person')
  if (action === 'room.read' || action === 'room.post') return reads
  if (action === 'message.correct' || action === 'run.cancel')
    return (
      reads &&
      (resource.author === principal.id || (action === 'run.cancel' && resource.membership === 'owner'))
    )
  if (action === 'room.manage')
    return resource.membership === 'owner' || (resource.visibility === 'public' && isOperator(principal))
  return false
}
