import { expect, test } from 'vitest'
import type { Principal } from '../../kernel/principal.ts'
import { ACTIONS, type Action, may, type Resource } from './auth.rights.ts'

/** Everybody the rules tell apart. Their letters stand in the table. */
const WHO: Readonly<Record<string, Principal>> = {
  o: { id: 'person_o', kind: 'person', name: 'Owner', role: 'owner' },
  a: { id: 'person_a', kind: 'person', name: 'Admin', role: 'admin' },
  r: { id: 'person_r', kind: 'person', name: 'Resident', role: 'resident' },
  /** The machine's operator, by the socket in the data folder. */
  s: { id: 'service_operator', kind: 'service', name: 'operator', role: 'owner' },
  g: { id: 'agent_g', kind: 'agent', name: 'Agent', role: 'resident' },
  /** An agent that somebody gave a role it must gain nothing from. */
  G: { id: 'agent_G', kind: 'agent', name: 'Proud agent', role: 'owner' },
}

type Row = Partial<Record<Action, string>>
type Case = readonly [name: string, resource: (me: Principal) => Resource, permitted: Row]

type Room = Extract<Resource, { type: 'room' }>
const room =
  (visibility: Room['visibility'], membership: Room['membership'], author?: 'mine' | 'another’s') =>
  (me: Principal): Resource => ({
    type: 'room',
    visibility,
    membership,
    ...(author && { author: author === 'mine' ? me.id : 'person_x' }),
  })

const ALL = 'oarsgG'
const PEOPLE = 'oars'
const OPERATORS = 'oas'
/** Who may do what in a room, by what they are in it; in a public one, and in every other. */
const ROOMS: readonly (readonly [Room['membership'], open: Row, closed: Row])[] = [
  [null, { 'room.read': PEOPLE, 'room.post': PEOPLE, ...run(OPERATORS, OPERATORS) }, {}],
  ['guest', { 'room.read': ALL, 'room.post': ALL, ...run(OPERATORS, OPERATORS) }, { 'room.read': ALL }],
  [
    'member',
    { 'room.read': ALL, 'room.post': ALL, ...run(OPERATORS, OPERATORS) },
    { 'room.read': ALL, 'room.post': ALL, 'message.pin': ALL },
  ],
  [
    'moderator',
    { 'room.read': ALL, 'room.post': ALL, ...run(OPERATORS, PEOPLE) },
    { 'room.read': ALL, 'room.post': ALL, ...run('', PEOPLE), 'message.pin': ALL },
  ],
  [
    'owner',
    { 'room.read': ALL, 'room.post': ALL, ...run(PEOPLE, PEOPLE) },
    { 'room.read': ALL, 'room.post': ALL, ...run(PEOPLE, PEOPLE), 'message.pin': ALL },
  ],
]

function run(managers: string, keepers: string): Row {
  return {
    'room.manage': managers,
    'run.cancel': managers,
    'room.invite': keepers,
    'message.remove': keepers,
    'message.pin': keepers,
  }
}

function community(readers: string, posters: string, keepers: string): Row {
  return { 'community.read': readers, 'community.post': posters, 'community.manage': keepers }
}

/** Whoever reads a room does this with what is theirs in it. */
function ofAuthor(row: Row): Row {
  const readers = row['room.read'] ?? ''
  return {
    ...row,
    'message.correct': readers,
    'message.remove': `${row['message.remove'] ?? ''}${readers}`,
    'run.cancel': `${row['run.cancel'] ?? ''}${readers}`,
  }
}

/** Who may, for each action on each resource. What is not written here is denied to all. */
const TABLE: readonly Case[] = [
  [
    'the city',
    () => ({ type: 'city' }),
    { 'city.operate': 'oas', 'city.invite': 'oas', 'city.hand_over': 'os', 'room.open': 'oar' },
  ],
  ['a resident', () => ({ type: 'resident', role: 'resident' }), { 'resident.change': 'oas' }],
  ['an admin', () => ({ type: 'resident', role: 'admin' }), { 'resident.change': 'os' }],
  ['the owner', () => ({ type: 'resident', role: 'owner' }), {}],
  [
    'a thing of mine',
    (me) => ({ type: 'owned', owner: me.id }),
    { 'owned.read': 'oarsgG', 'owned.change': 'oarsgG' },
  ],
  ['a thing of another', () => ({ type: 'owned', owner: 'person_x' }), {}],
  [
    'a thing of a community',
    () => ({ type: 'community', membership: null }),
    community(OPERATORS, OPERATORS, OPERATORS),
  ],
  [
    'the same as its guest',
    () => ({ type: 'community', membership: 'guest' }),
    community(ALL, OPERATORS, OPERATORS),
  ],
  [
    'the same as its member',
    () => ({ type: 'community', membership: 'member' }),
    community(ALL, ALL, OPERATORS),
  ],
  [
    'the same as its moderator',
    () => ({ type: 'community', membership: 'moderator' }),
    community(ALL, ALL, PEOPLE),
  ],
  ['the same as its owner', () => ({ type: 'community', membership: 'owner' }), community(ALL, ALL, PEOPLE)],

  ...(['public', 'community', 'private', 'direct'] as const).flatMap((visibility) =>
    ROOMS.flatMap(([membership, open, closed]): Case[] => {
      const row = visibility === 'public' ? open : closed
      const as = `as ${membership ?? 'nobody'} of a ${visibility} room`
      return [
        [`the room, ${as}`, room(visibility, membership), row],
        [`what is mine, ${as}`, room(visibility, membership, 'mine'), ofAuthor(row)],
        [`what is another’s, ${as}`, room(visibility, membership, 'another’s'), row],
      ]
    }),
  ),
]

test.each(TABLE)('%s', (_name, resource, permitted) => {
  for (const [letter, who] of Object.entries(WHO))
    for (const action of ACTIONS) {
      const verdict = may(who, action, resource(who))
      const expected = (permitted[action] ?? '').includes(letter)
      expect(verdict.permit, `${who.name} ${action}`).toBe(expected)
      if (!verdict.permit) expect(verdict.reason).not.toBe('')
    }
})

test('nobody may do anything', () => {
  for (const [, resource] of TABLE)
    for (const action of ACTIONS)
      expect(
        may(null, action, resource({ id: 'person_o', kind: 'person', name: '', role: 'owner' })),
      ).toEqual({
        permit: false,
        reason: 'nobody',
      })
})

test('the table names every action somewhere', () => {
  const named = new Set(TABLE.flatMap(([, , row]) => Object.keys(row)))
  expect([...named].sort()).toEqual([...ACTIONS].sort())
})
