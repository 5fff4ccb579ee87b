import type { Principal } from '../../../kernel/principal.ts'
import { cityError } from '../city.errors.ts'
import type { CityDb, FileRow } from '../city.store.ts'
import { readableFiles } from '../files/files.ts'
import type { NewMessage } from '../messages.contract.ts'

/** What a file must be, to be sent as which part. */
const KINDS = { audio: 'audio', image: 'image', file: 'document' } as const

/** The files of a message's parts, one for each; refuses what the principal may not read, and what is no such file. */
export async function attachments(
  tx: CityDb,
  principal: Principal,
  parts: NewMessage['parts'],
): Promise<FileRow[]> {
  if (parts.length === 0) return []
  const found = await readableFiles(
    tx,
    parts.map((part) => part.file),
    principal,
  )
  return parts.map(({ type, file }, index) => {
    const row = found.get(file)
    if (!row) throw cityError('city.part_file', { index: index + 1 })
    if (row.kind !== KINDS[type])
      throw cityError('city.part_type', { index: index + 1, mime: row.mime, type })
    return row
  })
}
