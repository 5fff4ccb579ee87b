import { CONTRACTS } from '../src/compose/contracts.ts'
import { OTHER_ROUTES } from '../src/compose/other-routes.ts'
import type { Access, Contract } from '../src/kernel/contract.ts'
import type { CityRole, Principal } from '../src/kernel/principal.ts'
import { ACTIONS, may, type Resource } from '../src/services/auth/auth.rights.ts'

const HOLDERS: Readonly<Record<Access, string>> = {
  public: 'anybody',
  principal: 'residents and agents',
  operator: 'the owner and admins',
  service: 'other services only',
}

/** `docs/rights.md`: what every operation and route asks for, and what the rule book says of things. */
export function rightsPage(): string {
  return `# Rights
Made by \`npm run docs\` from the contracts and from \`src/services/auth/auth.rights.ts\`.

Every operation names the right it needs: \`<service>.<thing>.<action>\`. Two questions are asked, in this order:

1. **May they call it at all?** The column "who" says it. A key must hold the right besides: its scopes are patterns of rights, \`*\` for any name, such as \`city.message.*\` or \`*.*.read\`. A key made without scopes holds what its owner holds, but nothing under \`auth.credential\`: a star never reaches credentials, they are named or not held. No key holds more than its owner: where they lose a role, so do their keys. A key's scopes count where the key itself knocks; what a service does to answer belongs to the operation that was asked for.
2. **May they do it to this thing?** The rule book below says it. What somebody may not see answers exactly as what does not exist.

## Rooms and what is in them
Who may, by what the room is and what they are in it. A room that is not public is closed to the city's owner and admins too, unless they are in it.

${roomTable()}

## The city
${cityTable()}

${Object.entries(CONTRACTS)
  .map(([service, contract]) => `## ${service}\n${operationTable(service, contract)}\n`)
  .join('\n')}`
}

function operationTable(service: string, contract: Contract): string {
  const operations = Object.entries(contract).map(([name, op]) => [
    `\`${name}\``,
    `${op.method} ${op.path}`,
    `\`${op.right}\``,
    HOLDERS[op.access],
  ])
  const routes = OTHER_ROUTES.filter((route) => route.service === service).map((route) => [
    '',
    `${route.method.toUpperCase()} ${route.path.replace(/\{(\w+)\}/g, ':$1')}`,
    `\`${route.right}\``,
    HOLDERS.principal,
  ])
  return table(['Operation', 'Route', 'Right', 'Who'], [...operations, ...routes])
}

type Room = Extract<Resource, { type: 'room' }>
const VISIBILITIES = ['public', 'community', 'private', 'direct'] as const
const MEMBERSHIPS = [null, 'guest', 'member', 'moderator', 'owner'] as const
const ABOUT_ROOMS = ACTIONS.filter((action) => /^(room\.(?!open)|message\.|run\.)/.test(action))

function roomTable(): string {
  const rows = ABOUT_ROOMS.map((action) => [
    `\`${action}\``,
    ...VISIBILITIES.map((visibility) => {
      const room = (membership: Room['membership'], author?: string): Room => ({
        type: 'room',
        visibility,
        membership,
        ...(author !== undefined && { author }),
      })
      const who = (principal: Principal, resource: Resource) => may(principal, action, resource).permit
      const inside = MEMBERSHIPS.filter((membership) => who(RESIDENT, room(membership)))
      const held = [
        ...inside.map((membership) => membership ?? 'any resident'),
        ...(who(OPERATOR, room(null)) && !inside.includes(null) ? ['the owner and admins of the city'] : []),
        ...(who(RESIDENT, room('guest', RESIDENT.id)) && !who(RESIDENT, room('guest')) ? ['its author'] : []),
      ]
      return held.length > 0 ? held.join(', ') : '—'
    }),
  ])
  return table(['Action', ...VISIBILITIES.map((visibility) => `${visibility} room`)], rows)
}

function cityTable(): string {
  const cases: readonly (readonly [string, Resource])[] = [
    ['the city', { type: 'city' }],
    ['a resident', { type: 'resident', role: 'resident' }],
    ['an admin', { type: 'resident', role: 'admin' }],
    ['the owner', { type: 'resident', role: 'owner' }],
    ['a thing of a community, as nobody of it', { type: 'community', membership: null }],
    ['a thing of a community, as its guest', { type: 'community', membership: 'guest' }],
    ['a thing of a community, as its member', { type: 'community', membership: 'member' }],
    ['a thing of a community, as its moderator or owner', { type: 'community', membership: 'moderator' }],
    ['one’s own thing', { type: 'owned', owner: RESIDENT.id }],
  ]
  const roles: readonly CityRole[] = ['owner', 'admin', 'resident']
  const rows = cases.flatMap(([name, resource]) =>
    ACTIONS.flatMap((action) => {
      const held = roles.filter((role) => may({ ...RESIDENT, role }, action, resource).permit)
      return held.length > 0 ? [[`\`${action}\``, name, held.join(', ')]] : []
    }),
  )
  return table(['Action', 'On', 'Who'], rows)
}

const RESIDENT: Principal = { id: 'person_a', kind: 'person', name: 'A', role: 'resident' }
const OPERATOR: Principal = { id: 'person_b', kind: 'person', name: 'B', role: 'admin' }

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
