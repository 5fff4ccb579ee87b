import { expect, test } from 'vitest'
import { Room } from '../../../../src/services/city/rooms.contract.ts'
import { groupsOf, movedTo } from './order.ts'

const room = (id: string, more: Partial<Room> = {}): Room =>
  Room.parse({
    id,
    slug: id,
    name: id,
    topic: '',
    picture: null,
    visibility: 'public',
    joining: 'open',
    community: null,
    replyPolicy: { mode: 'off', agents: [] },
    createdAt: `2026-01-0${id.length}T00:00:00.000Z`,
    archivedAt: null,
    seq: 0,
    readSeq: 0,
    unread: 0,
    mentions: 0,
    membership: null,
    people: [],
    favourite: false,
    position: null,
    notify: 'all',
    ...more,
  })

test('rooms stand by favourites, kinds, the reader’s own order, then age', () => {
  const rooms = [
    room('aaa'),
    room('b'),
    room('cc', { position: 0 }),
    room('d', { visibility: 'direct' }),
    room('e', { visibility: 'community' }),
    room('f', { favourite: true }),
  ]
  expect(groupsOf(rooms).map(({ name, rooms: of }) => [name, of.map(({ id }) => id)])).toEqual([
    ['favourites', ['f']],
    ['public', ['cc', 'b', 'aaa']],
    ['private', ['e']],
    ['direct', ['d']],
  ])
  expect(movedTo(rooms, 'aaa', 0)).toEqual(['f', 'aaa', 'cc', 'b', 'e', 'd'])
  expect(movedTo(rooms, 'cc', 9)).toEqual(['f', 'b', 'aaa', 'cc', 'e', 'd'])
  expect(movedTo(rooms, 'none', 1)).toEqual(['f', 'cc', 'b', 'aaa', 'e', 'd'])
})
