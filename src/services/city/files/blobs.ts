import { sql } from 'kysely'
import type { Files } from '../../../platform/files/files.ts'
import type { CityDb } from '../city.store.ts'

/** One at a time for a blob or a person's files, until the transaction ends. */
export const alone = (tx: CityDb, key: string) =>
  sql`select pg_advisory_xact_lock(hashtextextended(${`city.file ${key}`}, 0))`.execute(tx)

/** Removes bytes that are nobody's file, with what was made of them. `isHeld` is asked last: whether somebody is just bringing them. */
export async function forgetBlob(
  db: CityDb,
  files: Pick<Files, 'delete'>,
  sha256: string,
  isHeld: (blob: string) => boolean = () => false,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await alone(tx, sha256)
    if (await isSomebodys(tx, sha256)) return
    await tx.deleteFrom('city.waveform').where('sha256', '=', sha256).execute()
    const views = await tx
      .deleteFrom('city.thumbnail')
      .where('sha256', '=', sha256)
      .returning('blob')
      .execute()
    for (const blob of [...views.map((view) => view.blob), sha256])
      if (!(await isShown(tx, blob)) && !(await isSomebodys(tx, blob)) && !isHeld(blob))
        await files.delete(blob)
  })
}

/** Whether the bytes are somebody's file. */
const isSomebodys = async (tx: CityDb, sha256: string): Promise<boolean> =>
  (await tx.selectFrom('city.file').select('id').where('sha256', '=', sha256).executeTakeFirst()) !==
  undefined

/** Whether the bytes are a small view of some picture. */
const isShown = async (tx: CityDb, blob: string): Promise<boolean> =>
  (await tx.selectFrom('city.thumbnail').select('edge').where('blob', '=', blob).executeTakeFirst()) !==
  undefined
