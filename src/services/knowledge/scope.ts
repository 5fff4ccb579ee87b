import { sql } from 'kysely'
import type { PassageFilter } from './knowledge.contract.ts'

/** Where to look: in finished documents of these collections alone, without those that newer versions replaced unless they are asked for. */
export interface Scope extends Partial<PassageFilter> {
  readonly collections: readonly string[]
}

/** Nothing can be found there. */
export const isEmpty = ({ collections, documents, mime }: Scope): boolean =>
  collections.length === 0 || documents?.length === 0 || mime?.length === 0

/** The same of a document `d` in SQL. A document that is named is asked for, whatever replaced it. */
export const within = ({ collections, documents, mime, since, until, older }: Scope) =>
  sql<boolean>`d.state = 'done' and d.collection in (${sql.join(collections)})
    ${documents ? sql`and d.id in (${sql.join(documents)})` : older ? sql`` : sql`and d.replaced_by is null`}
    ${mime ? sql`and d.mime in (${sql.join(mime)})` : sql``}
    ${since ? sql`and d.created_at >= ${since}::timestamptz` : sql``}
    ${until ? sql`and d.created_at < ${until}::timestamptz` : sql``}`
