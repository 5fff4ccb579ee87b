import type { Kysely } from 'kysely'
import type { Clock } from '../../kernel/clock.ts'
import type { EventOf } from '../../kernel/event.ts'
import type { Events, Job } from '../../platform/events/events.ts'
import type { Mail } from '../../platform/mail/mail.ts'
import { digestReady } from '../city/city.events.ts'
import { letterDue } from './auth.events.ts'
import { type LetterWords, letterWords } from './auth.letters.words.ts'
import type { OneTimes } from './auth.one-time.ts'
import { UNDELIVERED } from './auth.resets.ts'
import type { AuthStore } from './auth.store.ts'
import type { AuthTables } from './auth.tables.ts'

export interface LetterNeeds {
  readonly db: Kysely<AuthTables>
  readonly store: AuthStore
  readonly events: Events
  readonly clock: Clock
  readonly oneTimes: OneTimes
  readonly mail: Mail
  readonly publicUrl: string
  readonly cityName: string
}

type Due = EventOf<typeof letterDue>

/** Sends what was asked for at the door, after the answer went out, so that its time tells nothing. A letter that cannot be sent becomes an admin's to hand over. */
export function sendLetters(needs: LetterNeeds): void {
  const { db, store, events, clock, oneTimes, mail, publicUrl, cityName } = needs

  events.consume<AuthTables, typeof letterDue>({
    name: 'auth.letters',
    db,
    types: [letterDue],
    async handle({ data }: Due, job: Job<AuthTables>) {
      const written = await (data.letter === 'sign_up' ? signUp(data.id) : oneTime(data.letter, data.id))
      if (!written) return
      const { to, words, link } = written
      const text = [words.text, link, words.end].filter((line) => line !== '').join('\n\n')
      await mail.send({ to, subject: words.subject, text: `${text}\n`, id: data.id }, job.signal)
    },
    async failed({ data }, _failure, tx) {
      if (data.letter === 'sign_up')
        await tx
          .updateTable('auth.sign_up')
          .set({ waits_for: 'approval' })
          .where('id', '=', data.id)
          .execute()
      else
        await tx.updateTable('auth.one_time').set({ value: UNDELIVERED }).where('id', '=', data.id).execute()
    },
  })

  events.consume<AuthTables, typeof digestReady>({
    name: 'auth.digest_letters',
    db,
    types: [digestReady],
    async handle({ id, data }, { signal }) {
      const resident = await db
        .selectFrom('auth.principal')
        .select('id')
        .where('id', '=', data.principal)
        .where('disabled_at', 'is', null)
        .executeTakeFirst()
      const account = resident && (await store.accountById(resident.id))
      // Where somebody is told what goes on is theirs for certain.
      if (!account?.emailVerified) return
      const words = letterWords(account.locale).digest(cityName)
      const rooms = data.rooms.map(({ name, unread }) => `${name}: ${unread}`).join('\n')
      const settings = `${words.end} ${publicUrl}/account/notifications`
      const text = [words.text, rooms, `${publicUrl}/notifications`, settings].join('\n\n')
      await mail.send({ to: account.email, subject: words.subject, text: `${text}\n`, id }, signal)
    },
  })

  async function oneTime(kind: 'reset' | 'verify', id: string): Promise<Written | null> {
    const row = await db
      .selectFrom('auth.one_time')
      .selectAll()
      .where('id', '=', id)
      .where('used_at', 'is', null)
      .where('expires_at', '>', new Date(clock.now()))
      .executeTakeFirst()
    const account = row?.principal && (await store.accountById(row.principal))
    if (!account) return null
    const page = kind === 'reset' ? 'new-password' : 'verify'
    const link = `${publicUrl}/${page}#${oneTimes.token(kind, id)}`
    return { to: account.email, words: letterWords(account.locale)[kind](cityName), link }
  }

  async function signUp(id: string): Promise<Written | null> {
    const row = await db.selectFrom('auth.sign_up').selectAll().where('id', '=', id).executeTakeFirst()
    if (!row) return null
    const words = letterWords(row.locale)
    const known = await store.accountOf(row.email)
    // Only the owner of the address learns that it lives here already.
    if (known) return { to: row.email, words: words.known(cityName), link: `${publicUrl}/sign-in` }
    const link = `${publicUrl}/confirm#${oneTimes.token('sign_up', id)}`
    return { to: row.email, words: words.signUp(cityName), link }
  }
}

interface Written {
  readonly to: string
  readonly words: LetterWords
  readonly link: string
}
