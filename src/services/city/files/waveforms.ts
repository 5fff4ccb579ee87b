import type { Media } from '../../../engines/media/media.ts'
import type { Handlers } from '../../../kernel/contract.ts'
import type { Files } from '../../../platform/files/files.ts'
import type { cityContract } from '../city.contract.ts'
import { cityError } from '../city.errors.ts'
import { type CityDb, type FileRow, json } from '../city.store.ts'
import { enterFile } from './files.ts'

interface WaveformNeeds {
  readonly db: CityDb
  readonly files: Files
  readonly media: Media | undefined
}

/** The shapes of recordings, each found once, when it is first asked for. */
export function createWaveforms(needs: WaveformNeeds): Pick<Handlers<typeof cityContract>, 'waveform'> {
  const { db, files, media } = needs
  const making = new Map<string, Promise<number[]>>()

  const make = async ({ sha256, mime }: FileRow): Promise<number[]> => {
    if (!media) throw cityError('city.no_waveform')
    const bars = [...(await media.waveform({ path: files.path(sha256), key: sha256, mime }))]
    await db
      .insertInto('city.waveform')
      .values({ sha256, bars: json(bars) })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    return bars
  }

  return {
    async waveform({ file }, { principal }) {
      const row = await enterFile(db, file, principal)
      if (row.kind !== 'audio') throw cityError('city.no_waveform')
      const kept = await db
        .selectFrom('city.waveform')
        .select('bars')
        .where('sha256', '=', row.sha256)
        .executeTakeFirst()
      if (kept) return kept
      const made = making.get(row.sha256) ?? make(row).finally(() => making.delete(row.sha256))
      making.set(row.sha256, made)
      return { bars: await made }
    },
  }
}
