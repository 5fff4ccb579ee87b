import { type CityRole, isOperator, type Principal } from '../../kernel/principal.ts'

/** What a right is asked for: a room with what the principal is in it, something with one owner, or the city itself. */
export type Resource =
  | { readonly type: 'city' }
  | { readonly type: 'owned'; readonly owner: string }
  /** Something of a community, with what the principal is in it. */
  | { readonly type: 'community'; readonly membership: 'owner' | 'moderator' | 'member' | 'guest' | null }
  /** Somebody else, with the role they have. */
  | { readonly type: 'resident'; readonly role: CityRole }
  | {
      readonly type: 'room'
      readonly visibility: 'public' | 'community' | 'private' | 'direct'
      readonly membership: 'owner' | 'moderator' | 'member' | 'guest' | null
      /** Put out of it, and not to come back. */
      readonly banned?: boolean
      /** Whose doing it is that the act is about: the author of a message, the asker of a run. */
      readonly author?: string
    }

export const ACTIONS = [
  'city.operate',
  'city.invite',
  'city.hand_over',
  'resident.change',
  'room.open',
  'room.read',
  'room.post',
  'room.invite',
  'room.manage',
  'message.correct',
  'message.remove',
  'message.pin',
  'run.cancel',
  'owned.read',
  'owned.change',
  'community.read',
  'community.post',
  'community.manage',
] as const
export type Action = (typeof ACTIONS)[number]

export type Verdict = { readonly permit: true } | { readonly permit: false; readonly reason: string }

/** The one rule book of rights: pure, default deny. A room that is not public is closed to the city's operators too, unless they are in it. Whoever may not read a thing is told it does not exist; that is the caller's care. */
export function may(principal: Principal | null, action: Action, resource: Resource): Verdict {
  if (!principal) return deny('nobody')
  return grants(principal, action, resource) ? { permit: true } : deny(`${principal.role} may not ${action}`)
}

const deny = (reason: string): Verdict => ({ permit: false, reason })

function grants(principal: Principal, action: Action, resource: Resource): boolean {
  if (resource.type === 'owned')
    return (action === 'owned.read' || action === 'owned.change') && resource.owner === principal.id
  if (resource.type === 'community') {
    const { membership } = resource
    if (action === 'community.read') return membership !== null || operates(principal)
    if (action === 'community.post')
      return (membership !== null && membership !== 'guest') || operates(principal)
    const keeps = membership === 'owner' || membership === 'moderator'
    return action === 'community.manage' && ((keeps && principal.kind !== 'agent') || operates(principal))
  }
  // Only the owner changes those who run the city; the owner is changed by nobody.
  if (resource.type === 'resident')
    return (
      action === 'resident.change' &&
      operates(principal) &&
      (resource.role === 'resident' || (resource.role === 'admin' && principal.role === 'owner'))
    )
  if (resource.type === 'city') {
    if (action === 'room.open') return principal.kind === 'person'
    if (action === 'city.hand_over') return principal.kind !== 'agent' && principal.role === 'owner'
    return (action === 'city.operate' || action === 'city.invite') && operates(principal)
  }
  if (resource.banned) return false
  const reads =
    resource.membership !== null || (resource.visibility === 'public' && principal.kind !== 'agent')
  const manages =
    (resource.membership === 'owner' && principal.kind !== 'agent') ||
    (resource.visibility === 'public' && operates(principal))
  const invites = manages || (resource.membership === 'moderator' && principal.kind !== 'agent')
  const wrote = reads && resource.author === principal.id
  switch (action) {
    case 'room.read':
      return reads
    case 'room.post':
      return reads && (resource.membership !== 'guest' || resource.visibility === 'public')
    case 'room.invite':
      return invites
    case 'message.correct':
      return wrote
    case 'message.remove':
      return wrote || invites
    case 'message.pin':
      return invites || (reads && resource.visibility !== 'public' && resource.membership !== 'guest')
    case 'run.cancel':
      return wrote || manages
    case 'room.manage':
      return manages
    default:
      return false
  }
}

/** No agent runs the city, whatever its role says. */
const operates = (principal: Principal): boolean => principal.kind !== 'agent' && isOperator(principal)
