import type { Selectable } from 'kysely'
import type { Clock } from '../../../kernel/clock.ts'
import type { Secret } from '../../../kernel/secret.ts'
import { storableJson } from '../../../platform/database/storable.ts'
import { seal, unseal } from '../../../platform/seal.ts'
import type { AgentsDb } from '../agents.store.ts'
import type { McpServerRow } from '../agents.tables.ts'
import type { Grants } from './oauth.ts'

const PURPOSE = 'servers of tools'

export interface KeptServer extends Pick<Selectable<McpServerRow>, 'slug' | 'url' | 'auth' | 'risks'> {
  readonly key: string | null
  readonly grants: Grants
}

/** What the city keeps of servers of tools; keys and tokens lie sealed with its secret. */
export function createServerStore(db: AgentsDb, secret: Secret, clock: Clock) {
  const sealed = (text: string) => seal(text, secret, PURPOSE)

  function open(row: Selectable<McpServerRow>): KeptServer {
    const { slug, url, auth, risks } = row
    const grants = row.grants === null ? null : unseal(row.grants, secret, PURPOSE)
    return {
      ...{ slug, url, auth, risks },
      key: row.key === null ? null : unseal(row.key, secret, PURPOSE),
      // Only what this store sealed itself is opened.
      grants: grants === null ? {} : (JSON.parse(grants) as Grants),
    }
  }

  return {
    async list(): Promise<KeptServer[]> {
      return (await db.selectFrom('agents.mcp_server').selectAll().orderBy('slug').execute()).map(open)
    },

    async find(slug: string): Promise<KeptServer | undefined> {
      const row = await db
        .selectFrom('agents.mcp_server')
        .selectAll()
        .where('slug', '=', slug)
        .executeTakeFirst()
      return row && open(row)
    },

    async awaited(digest: string): Promise<KeptServer | undefined> {
      const row = await db
        .selectFrom('agents.mcp_server')
        .selectAll()
        .where('awaited', '=', digest)
        .executeTakeFirst()
      return row && open(row)
    },

    /** False where the name is taken. */
    async add(
      given: Pick<KeptServer, 'slug' | 'url' | 'auth' | 'key'> & { readonly author: string },
    ): Promise<boolean> {
      const { slug, url, auth, key, author } = given
      const made = await db
        .insertInto('agents.mcp_server')
        .values({
          ...{ slug, url, auth, author },
          key: key === null ? null : sealed(key),
          created_at: new Date(clock.now()),
        })
        .onConflict((on) => on.doNothing())
        .executeTakeFirstOrThrow()
      return made.numInsertedOrUpdatedRows === 1n
    },

    async remove(slug: string): Promise<boolean> {
      const { numDeletedRows } = await db
        .deleteFrom('agents.mcp_server')
        .where('slug', '=', slug)
        .executeTakeFirstOrThrow()
      return numDeletedRows === 1n
    },

    /** `awaited` is the digest of the state that comes back; null where nothing is waited for. */
    async keepGrants(slug: string, grants: Grants, awaited: string | null): Promise<void> {
      await db
        .updateTable('agents.mcp_server')
        .set({ grants: sealed(JSON.stringify(grants)), awaited })
        .where('slug', '=', slug)
        .execute()
    },

    /** True where nobody renews the server's tokens: from now on this caller does, for `ms` at most. */
    async claimRenewal(slug: string, ms: number): Promise<boolean> {
      const now = clock.now()
      const { numUpdatedRows } = await db
        .updateTable('agents.mcp_server')
        .set({ renewing: new Date(now + ms) })
        .where('slug', '=', slug)
        .where((where) => where.or([where('renewing', 'is', null), where('renewing', '<', new Date(now))]))
        .executeTakeFirstOrThrow()
      return numUpdatedRows === 1n
    },

    /** Ends a renewal, with what came of it. */
    async endRenewal(slug: string, grants: Grants | undefined): Promise<void> {
      await db
        .updateTable('agents.mcp_server')
        .set({ renewing: null, ...(grants && { grants: sealed(JSON.stringify(grants)) }) })
        .where('slug', '=', slug)
        .execute()
    },

    async keepRisks(slug: string, risks: KeptServer['risks']): Promise<void> {
      await db
        .updateTable('agents.mcp_server')
        .set({ risks: storableJson(risks) })
        .where('slug', '=', slug)
        .execute()
    },
  }
}
