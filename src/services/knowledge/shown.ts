import type { Document } from './documents.contract.ts'
import type { Held } from './knowledge.store.ts'

/** A document as it is shown to whoever may read it. */
export const shown = (held: Held): Document => ({
  id: held.id,
  collection: held.collection,
  room: held.room,
  title: held.title,
  mime: held.mime,
  sizeBytes: held.sizeBytes,
  state: held.state,
  ...(held.error && { error: held.error }),
  createdAt: held.createdAt,
  pages: held.pages,
  file: held.file,
  url: held.url,
  addedBy: held.addedBy,
  version: held.version,
  replacedBy: held.replacedBy,
  near: held.near,
})
