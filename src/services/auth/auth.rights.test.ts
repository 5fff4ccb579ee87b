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

const room =
  (
    visibility: 'public' | 'private' | 'direct',
    membership: 'owner' | 'member' | null,
    author?: 'mine' | 'another’s',
  ) =>
  (me: Principal): Resource => ({
    type: 'room',
    visibility,
    membership,
    ...(author && { author: author === 'mine' ? me.id : 'person_x' }),
  })

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

  ['a public room', room('public', null), pub({})],
  ['a message of mine in a public room', room('public', null, 'mine'), pub({ author: 'oars' })],
  ['a message of another in a public room', room('public', null, 'another’s'), pub({})],
  ['a public room I am in', room('public', 'member'), pub({ readers: 'oarsgG' })],
  [
    'a message of mine in a public room I am in',
    room('public', 'member', 'mine'),
    pub({ readers: 'oarsgG', author: 'oarsgG' }),
  ],
  [
    'a message of another in a public room I am in',
    room('public', 'member', 'another’s'),
    pub({ readers: 'oarsgG' }),
  ],
  ['a public room of mine', room('public', 'owner'), pub({ readers: 'oarsgG', managers: 'oars' })],
  [
    'a message of mine in a public room of mine',
    room('public', 'owner', 'mine'),
    pub({ readers: 'oarsgG', managers: 'oars', author: 'oarsgG' }),
  ],
  [
    'a message of another in a public room of mine',
    room('public', 'owner', 'another’s'),
    pub({ readers: 'oarsgG', managers: 'oars' }),
  ],

  ...(['private', 'direct'] as const).flatMap((visibility): Case[] => [
    [`a ${visibility} room I am not in`, room(visibility, null), {}],
    [`a message of mine in a ${visibility} room I have left`, room(visibility, null, 'mine'), {}],
    [`a message of another in a ${visibility} room I am not in`, room(visibility, null, 'another’s'), {}],
    [`a ${visibility} room I am in`, room(visibility, 'member'), closed({})],
    [
      `a message of mine in a ${visibility} room`,
      room(visibility, 'member', 'mine'),
      closed({ author: 'oarsgG' }),
    ],
    [`a message of another in a ${visibility} room`, room(visibility, 'member', 'another’s'), closed({})],
    [`a ${visibility} room of mine`, room(visibility, 'owner'), closed({ managers: 'oars' })],
    [
      `a message of mine in a ${visibility} room of mine`,
      room(visibility, 'owner', 'mine'),
      closed({ managers: 'oars', author: 'oarsgG' }),
    ],
    [
      `a message of another in a ${visibility} room of mine`,
      room(visibility, 'owner', 'another’s'),
      closed({ managers: 'oars' }),
    ],
  ]),
]

function pub({ readers = 'oars', managers = 'oas', author = '' }): Row {
  return {
    'room.read': readers,
    'room.post': readers,
    'room.manage': managers,
    'message.correct': author,
    'run.cancel': `${managers}${author}`,
  }
}

function closed({ managers = '', author = '' }): Row {
  return {
    'room.read': 'oarsgG',
    'room.post': 'oarsgG',
    'room.manage': managers,
    'message.correct': author,
    'run.cancel': `${managers}${author}`,
  }
}

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
