import type { Clock } from '../../../kernel/clock.ts'
import type { Principal } from '../../../kernel/principal.ts'
import type { GroupCommit } from '../../../platform/database/database.ts'
import { groupCommit } from '../../../platform/database/group.ts'
import { cityError } from '../city.errors.ts'
import type { CityDb, MessageRow } from '../city.store.ts'
import type { CityTables } from '../city.tables.ts'
import type { NewMessage } from '../messages.contract.ts'
import type { Roster } from './directory.ts'
import type { Naming } from './naming.ts'
import { createRoomPosts, type RoomPostsNeeds } from './room-posts.ts'
import { hashOf, type Said, type Saying } from './saying.ts'
import { checkText } from './text.ts'

export interface PostingNeeds extends RoomPostsNeeds {
  readonly db: CityDb
  readonly clock: Clock
  readonly directory: () => Promise<Roster>
  readonly naming: (text: string, principal: Principal) => Promise<Naming>
}

/** `forwarded` is the message whose words these are; it must stand when this is stored. `released`: a moderator has seen it and lets it through. */
export type Say = (
  principal: Principal,
  room: string,
  body: NewMessage,
  requestId?: string,
  forwarded?: MessageRow,
  released?: boolean,
) => Promise<Said>

const NOBODY: Naming = { people: [], everybody: null }

/** Stores what somebody says, with its event, its waiting parts and the calls it makes, in one commit shared with whoever posts at the same moment. The same clientId and body again is the same message. */
export function createPosting(needs: PostingNeeds): Say {
  const { db, clock, directory, naming, watch } = needs
  const posts = createRoomPosts(needs)
  const commits = createCommits<string, Saying, Said>((ref) =>
    groupCommit<CityTables, Saying, Said>(db, posts(ref)),
  )
  return async (principal, ref, body, requestId, forwarded, released = false) => {
    checkText(body.text)
    checkText(body.clientId)
    for (const words of body.poll ? [body.poll.question, ...body.poll.options] : []) checkText(words)
    if (body.text.trim() === '' && body.parts.length === 0 && !body.poll)
      throw cityError('city.message_empty')
    if (!released) await watch.checkPace(principal)
    const roster = await directory()
    const called = forwarded ? NOBODY : await naming(body.text, principal)
    const hash = hashOf(body)
    const at = clock.now()
    return await commits(ref, { principal, body, hash, roster, called, at, requestId, forwarded, released })
  }
}

/** A group commit for each key, kept for as long as anybody waits for it. */
function createCommits<Key, Item, Result>(
  open: (key: Key) => GroupCommit<Item, Result>,
): (key: Key, item: Item) => Promise<Result> {
  const groups = new Map<Key, { readonly commit: GroupCommit<Item, Result>; waiting: number }>()
  return async (key, item) => {
    const group = groups.get(key) ?? { commit: open(key), waiting: 0 }
    groups.set(key, group)
    group.waiting++
    try {
      return await group.commit(item)
    } finally {
      if (--group.waiting === 0) groups.delete(key)
    }
  }
}
