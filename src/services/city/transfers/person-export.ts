import type { Client } from '../../../kernel/contract.ts'
import type { Principal } from '../../../kernel/principal.ts'
import type { Files } from '../../../platform/files/files.ts'
import type { authContract } from '../../auth/auth.contract.ts'
import { type CityDb, hydrate } from '../city.store.ts'
import { bytes, jsonArray, type Piece, words } from './archive.ts'
import { missingPiece, sorted } from './room-export.ts'

export type AuthOfMine = Pick<Client<typeof authContract>, 'me' | 'security' | 'sessions' | 'keys' | 'links'>

export interface PersonToExport {
  readonly db: CityDb
  readonly files: Files
  readonly account: AuthOfMine | undefined
  readonly person: Principal
  readonly tick: (count: number) => void
  readonly signal: AbortSignal
}

const PAGE = 200

/** All that is somebody's own: who they are, what they said and where, their own room with agents whole, what they keep and set, their files. Never a secret: sessions and keys are described, not given. */
export async function personPieces(asked: PersonToExport): Promise<{ pieces: Piece[]; total: number }> {
  const { db, files, person, tick } = asked
  const me = person.id
  const said = await db
    .selectFrom('city.message')
    .select((of) => of.fn.countAll<number | string>().as('count'))
    .where('author', '=', me)
    .executeTakeFirstOrThrow()
  const own = await db
    .selectFrom('city.file')
    .select(['id', 'name', 'mime', 'sha256'])
    .where('owner', '=', me)
    .orderBy('id')
    .execute()
  const held = await sorted(files, own)
  const ownRoom = await db.selectFrom('city.room').select('id').where('direct_of', '=', me).executeTakeFirst()
  const pieces = [
    one('account.json', () => accountOf(asked)),
    words('messages.json', () => jsonArray(messagesOf(asked, 'author', me))),
    ...(ownRoom
      ? [
          words('own-room.json', () =>
            jsonArray(messagesOf({ ...asked, tick: () => undefined }, 'room', ownRoom.id)),
          ),
        ]
      : []),
    one('rooms.json', () => roomsOf(db, me)),
    one('kept.json', () => keptOf(db, me)),
    one('files.json', async () =>
      db.selectFrom('city.file').selectAll().where('owner', '=', me).orderBy('id').execute(),
    ),
    ...held.there.map((file) => bytes(files, file, () => tick(1))),
    ...missingPiece(held.missing),
  ]
  return { pieces, total: Number(said.count) + held.there.length }
}

const one = (name: string, make: () => Promise<unknown>): Piece =>
  words(name, async function* () {
    yield `${JSON.stringify(await make(), null, 2)}\n`
  })

async function accountOf({ account: auth, person, signal }: PersonToExport) {
  if (!auth) return { profile: person }
  const as = { principal: person, signal }
  const [profile, security, sessions, keys, links] = await Promise.all([
    auth.me({}, as),
    auth.security({}, as),
    auth.sessions({}, as),
    auth.keys({}, as),
    auth.links({}, as),
  ])
  return { profile, security, sessions: sessions.items, keys: keys.items, links: links.items }
}

/** Messages of one author or one room, each with the name of its room. */
async function* messagesOf(
  { db, person, tick }: PersonToExport,
  by: 'author' | 'room',
  value: string,
): AsyncGenerator<unknown[]> {
  for (let last = ''; ; ) {
    const rows = await db
      .selectFrom('city.message')
      .selectAll()
      .where(by, '=', value)
      .where('id', '>', last)
      .orderBy('id')
      .limit(PAGE)
      .execute()
    if (rows.length === 0) return
    const names = await db
      .selectFrom('city.room')
      .select(['id', 'name'])
      .where('id', 'in', [...new Set(rows.map(({ room }) => room))])
      .execute()
    const messages = await hydrate(db, rows, person.id)
    yield messages.map((message) => ({
      ...message,
      roomName: names.find(({ id }) => id === message.room)?.name,
    }))
    tick(rows.length)
    last = rows.at(-1)?.id ?? ''
  }
}

const roomsOf = (db: CityDb, me: string) =>
  db
    .selectFrom('city.room as room')
    .innerJoin('city.member as member', 'member.room', 'room.id')
    .leftJoin('city.room_preference as mine', (join) =>
      join.onRef('mine.room', '=', 'room.id').on('mine.principal', '=', me),
    )
    .leftJoin('city.read_mark as mark', (join) =>
      join.onRef('mark.room', '=', 'room.id').on('mark.principal', '=', me),
    )
    .select(['room.id', 'room.name', 'room.visibility', 'member.membership', 'member.joined_at as joinedAt'])
    .select(['mine.favourite', 'mine.notify', 'mine.position', 'mark.seq as readSeq'])
    .where('member.principal', '=', me)
    .orderBy('room.id')
    .execute()

async function keptOf(db: CityDb, me: string) {
  return {
    reactions: await db
      .selectFrom('city.reaction')
      .select(['message', 'emoji', 'at'])
      .where('principal', '=', me)
      .orderBy('at')
      .execute(),
    votes: await db
      .selectFrom('city.vote')
      .select(['message', 'option', 'at'])
      .where('principal', '=', me)
      .orderBy('at')
      .execute(),
    drafts: await db
      .selectFrom('city.draft')
      .select(['room', 'text', 'at'])
      .where('principal', '=', me)
      .execute(),
    saved: await db
      .selectFrom('city.saved')
      .select(['message', 'at'])
      .where('principal', '=', me)
      .orderBy('at')
      .execute(),
    scheduled: await db
      .selectFrom('city.scheduled')
      .select(['room', 'body', 'send_at as at'])
      .where('principal', '=', me)
      .orderBy('send_at')
      .execute(),
    notifications: await db
      .selectFrom('city.notification_setting')
      .select(['level', 'quiet', 'push', 'words', 'digest', 'zone'])
      .where('principal', '=', me)
      .execute(),
    joinRequests: await db
      .selectFrom('city.join_request')
      .select(['room', 'note', 'state', 'created_at as at'])
      .where('principal', '=', me)
      .execute(),
  }
}
