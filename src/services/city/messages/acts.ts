import { isoTime } from '../../../kernel/clock.ts'
import type { Handlers } from '../../../kernel/contract.ts'
import type { Principal } from '../../../kernel/principal.ts'
import { may } from '../../auth/auth.rights.ts'
import type { cityContract } from '../city.contract.ts'
import { cityError } from '../city.errors.ts'
import { asResource, checkMaySpeak, type EnteredRoom, enterRoom, hydrate, iso } from '../city.store.ts'
import type { Watch } from '../moderation/watch.ts'
import { type ActingNeeds, checkStands, createActing, enterMessage } from './acting.ts'
import { markDressed } from './dress.ts'
import { editWords } from './edit-words.ts'
import type { Naming } from './naming.ts'
import { checkText } from './text.ts'

type ActHandlers = Pick<
  Handlers<typeof cityContract>,
  'edit' | 'history' | 'react' | 'unreact' | 'pin' | 'unpin' | 'pins' | 'vote'
>

/** Different emoji under one message. */
const MAX_EMOJI = 20
const MAX_PINS = 50
const NOBODY: Naming = { people: [], everybody: null }
/** One emoji as Unicode recommends it for interchange. */
// biome-ignore lint/complexity/useRegexLiterals: TypeScript takes the flag in a literal only for newer targets
export const EMOJI = new RegExp('^\\p{RGI_Emoji}$', 'v')

/** Editing, reacting, pinning and voting: each naturally idempotent, each told under the room's next number. */
export function createActs(
  needs: ActingNeeds & {
    readonly watch: Watch
    readonly naming: (text: string, principal: Principal) => Promise<Naming>
  },
): ActHandlers {
  const { db, watch, naming } = needs
  const act = createActing(needs)

  return {
    async edit({ message, text }, { principal }) {
      checkText(text)
      const { people } = principal ? await naming(text, principal) : NOBODY
      // Whoever calls people calls them no faster by editing.
      if (principal && people.length > 0) await watch.checkPace(principal)
      return await act(principal, message, async (tx, { room, row }, who, at) => {
        const edited = await editWords(tx, watch, { room, row, who, at, text, people })
        return edited ? [{ type: 'edited', message: row.id }] : []
      })
    },

    async history({ message }, { principal }) {
      const { row } = await enterMessage(db, message, principal)
      if (row.deleted_at !== null) return { items: [] }
      const before = await db
        .selectFrom('city.edit')
        .select(['text', 'at'])
        .where('message', '=', row.id)
        .orderBy('version')
        .execute()
      const now = { text: row.text, at: iso(row.edited_at ?? row.created_at) }
      return { items: [...before.map(({ text, at }) => ({ text, at: iso(at) })), now] }
    },

    async react({ message, emoji }, { principal }) {
      if (!EMOJI.test(emoji)) throw cityError('city.emoji_unknown')
      return await act(principal, message, async (tx, { room, row }, who, at) => {
        checkStands(row)
        checkMaySpeak(room, who, at)
        const there = await tx
          .selectFrom('city.reaction')
          .select('emoji')
          .distinct()
          .where('message', '=', row.id)
          .execute()
        if (there.length >= MAX_EMOJI && !there.some((one) => one.emoji === emoji))
          throw cityError('city.too_many_emoji', { limit: MAX_EMOJI })
        const added = await tx
          .insertInto('city.reaction')
          .values({ message: row.id, emoji, principal: who.id, name: who.name, at: isoTime(at) })
          .onConflict((conflict) => conflict.doNothing())
          .returning('emoji')
          .executeTakeFirst()
        if (!added) return []
        await markDressed(tx, row)
        return [{ type: 'reaction', message: row.id, detail: { by: who.id, emoji, on: true } }]
      })
    },

    async unreact({ message, emoji }, { principal }) {
      return await act(principal, message, async (tx, { row }, who) => {
        const gone = await tx
          .deleteFrom('city.reaction')
          .where('message', '=', row.id)
          .where('emoji', '=', emoji)
          .where('principal', '=', who.id)
          .returning('emoji')
          .executeTakeFirst()
        return gone ? [{ type: 'reaction', message: row.id, detail: { by: who.id, emoji, on: false } }] : []
      })
    },

    async pin({ message }, { principal }) {
      return await act(principal, message, async (tx, { room, row }, who, at) => {
        checkMayPin(room, who, at)
        checkStands(row)
        const { pins } = await tx
          .selectFrom('city.pin')
          .select((of) => of.fn.countAll<number | string>().as('pins'))
          .where('room', '=', room.id)
          .where('message', '<>', row.id)
          .executeTakeFirstOrThrow()
        if (Number(pins) >= MAX_PINS) throw cityError('city.too_many_pins', { limit: MAX_PINS })
        const added = await tx
          .insertInto('city.pin')
          .values({ message: row.id, room: room.id, principal: who.id, name: who.name, at: isoTime(at) })
          .onConflict((conflict) => conflict.doNothing())
          .returning('message')
          .executeTakeFirst()
        if (!added) return []
        await markDressed(tx, row)
        return [{ type: 'pinned', message: row.id }]
      })
    },

    async unpin({ message }, { principal }) {
      return await act(principal, message, async (tx, { room, row }, who, at) => {
        checkMayPin(room, who, at)
        const gone = await tx
          .deleteFrom('city.pin')
          .where('message', '=', row.id)
          .returning('message')
          .executeTakeFirst()
        return gone ? [{ type: 'pinned', message: row.id }] : []
      })
    },

    async pins({ room: ref }, { principal }) {
      const room = await enterRoom(db, ref, principal)
      const rows = await db
        .selectFrom('city.message as message')
        .innerJoin('city.pin as pin', 'pin.message', 'message.id')
        .selectAll('message')
        .where('pin.room', '=', room.id)
        .orderBy('pin.at', 'desc')
        .orderBy('pin.message', 'desc')
        .limit(MAX_PINS)
        .execute()
      return { items: await hydrate(db, rows, principal?.id ?? null) }
    },

    async vote({ message, options }, { principal }) {
      return await act(principal, message, async (tx, { room, row }, who, at) => {
        checkStands(row)
        checkMaySpeak(room, who, at)
        const poll = await tx
          .selectFrom('city.poll')
          .selectAll()
          .where('message', '=', row.id)
          .executeTakeFirst()
        if (!poll) throw cityError('city.no_poll')
        if (poll.closes_at !== null && new Date(poll.closes_at).getTime() <= at)
          throw cityError('city.poll_closed')
        const chosen = [...new Set(options)].sort((a, b) => a - b)
        if (chosen.some((option) => option >= poll.options.length)) throw cityError('city.no_such_option')
        if (chosen.length > 1 && !poll.multiple) throw cityError('city.one_option')
        const before = await tx
          .deleteFrom('city.vote')
          .where('message', '=', row.id)
          .where('principal', '=', who.id)
          .returning(['option', 'at'])
          .execute()
        const votes = chosen.map((option) => ({
          message: row.id,
          principal: who.id,
          option,
          name: who.name,
          at: iso(before.find((vote) => vote.option === option)?.at ?? isoTime(at)),
        }))
        if (votes.length > 0) await tx.insertInto('city.vote').values(votes).execute()
        const was = before.map(({ option }) => option).sort((a, b) => a - b)
        return was.join() === chosen.join() ? [] : [{ type: 'poll', message: row.id }]
      })
    },
  }
}

/** Whoever speaks in a room pins in it; in one that is open to the whole city its keepers do. */
function checkMayPin(room: EnteredRoom, who: Principal, at: number): void {
  checkMaySpeak(room, who, at)
  if (!may(who, 'message.pin', asResource(room)).permit) throw cityError('city.not_manager')
}
