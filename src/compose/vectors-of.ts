import type { Config } from '../config.ts'
import type { Vectors } from '../engines/vectors/vectors.ts'
import type { Database } from '../platform/database/database.ts'

/** Where programs' vectors are kept: Qdrant where it is configured, else the city's own database. */
export async function vectorsOf({ qdrant, secrets }: Config, { driver, kysely }: Database): Promise<Vectors> {
  if (qdrant) {
    const { createQdrant } = await import('../engines/vectors/qdrant.ts')
    return createQdrant({ ...qdrant, key: secrets.qdrantKey })
  }
  const { createPgvector } = await import('../engines/vectors/pgvector.ts')
  return createPgvector({ db: kysely, half: driver === 'postgres' })
}
