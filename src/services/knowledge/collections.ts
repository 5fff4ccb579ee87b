import type { Kysely } from 'kysely'
import type { Call, Handlers } from '../../kernel/contract.ts'
import { kernelError } from '../../kernel/errors.ts'
import type { Files } from '../../platform/files/files.ts'
import type { Access } from './access.ts'
import type { collectionOperations } from './collections.contract.ts'
import type { CollectionStore } from './collections.store.ts'
import { knowledgeError } from './knowledge.errors.ts'
import type { Held, KnowledgeStore } from './knowledge.store.ts'
import type { KnowledgeTables } from './knowledge.tables.ts'
import { shown } from './shown.ts'

export interface CollectionNeeds {
  readonly db: Kysely<KnowledgeTables>
  readonly access: Access
  readonly collections: CollectionStore
  readonly store: KnowledgeStore
  readonly own: Files
  /** A document that the asker may read. */
  open(id: string, call: Call): Promise<Held>
}

/** Collections as people work with them. */
export function createCollections(needs: CollectionNeeds): Handlers<typeof collectionOperations> {
  const { access, collections, db, open, own, store } = needs
  const one = async (id: string) => {
    const [found] = await collections.list([id], 1)
    if (!found) throw knowledgeError('knowledge.collection_not_found')
    return found
  }
  /** Bytes that no document has any more. */
  const forget = async (blobs: readonly string[]) => {
    for (const sha256 of new Set(blobs)) if (!(await collections.isHeld(db, sha256))) await own.delete(sha256)
  }

  return {
    async collections({ room, limit, after }, call) {
      const readable = await access.readable(room === undefined ? {} : { rooms: [room] }, call)
      const found = await collections.list(readable, limit + 1, after)
      const items = found.slice(0, limit)
      const last = found.length > limit ? items.at(-1) : undefined
      return { items, ...(last && { next: last.id }) }
    },

    async makeCollection({ name, room, community }, call) {
      if (!call.principal) throw kernelError('auth.required')
      if (community !== undefined) {
        const place = { room: null, owner: null, community }
        if (!(await access.reads(place, call))) throw knowledgeError('knowledge.collection_not_found')
        await access.check(place, 'manage', call)
        return await one(await collections.make({ name, community }))
      }
      if (room === undefined) return await one(await collections.make({ name, owner: call.principal.id }))
      const place = { room, owner: null, community: null }
      if (!(await access.reads(place, call))) throw knowledgeError('knowledge.collection_not_found')
      await access.check(place, 'manage', call)
      return await one(await collections.make({ name, room }))
    },

    collection: async ({ collection }, call) => await one((await access.enter(collection, call)).id),

    async renameCollection({ collection, name }, call) {
      const entered = await access.enter(collection, call)
      await access.check(entered, 'manage', call)
      await collections.rename(entered.id, name)
      return await one(entered.id)
    },

    async removeCollection({ collection }, call) {
      const entered = await access.enter(collection, call)
      await access.check(entered, 'manage', call)
      if (entered.room !== null) throw knowledgeError('knowledge.collection_of_room')
      const blobs = await db
        .selectFrom('knowledge.document')
        .select('sha256')
        .where('collection', '=', entered.id)
        .execute()
      await db.deleteFrom('knowledge.collection').where('id', '=', entered.id).execute()
      await forget(blobs.map(({ sha256 }) => sha256))
      return { done: true }
    },

    async collectionDocuments({ collection, state, older, limit, after }, call) {
      const { id } = await access.enter(collection, call)
      const held = await store.list({ collection: id, state, older }, limit + 1, after)
      const items = held.slice(0, limit)
      const last = held.length > limit ? items.at(-1) : undefined
      return { items: items.map(shown), ...(last && { next: last.id }) }
    },

    async retryDocument({ document: id }, call) {
      const held = await open(id, call)
      await access.check(held, 'post', call)
      if (held.state === 'pending') throw knowledgeError('knowledge.document_pending')
      if (held.state === 'done' && held.pages.failed === 0) throw knowledgeError('knowledge.nothing_failed')
      await db.transaction().execute((tx) => collections.again(tx, held.id))
      return shown(await open(id, call))
    },

    async removeDocument({ document: id }, call) {
      const held = await open(id, call)
      await access.check(held, 'remove', call, held.addedBy)
      if (held.addedBy === null) throw knowledgeError('knowledge.document_posted')
      await db.transaction().execute((tx) => collections.remove(tx, held.id))
      await forget([held.sha256])
      return { done: true }
    },
  }
}
