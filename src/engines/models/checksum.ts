import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { ModelFile } from './models.table.ts'

/** Whether the file at `path` is the one the table means. `quick` looks at the size alone. */
export async function checkFile(
  path: string,
  wanted: Pick<ModelFile, 'sizeBytes' | 'sha256'>,
  how: 'quick' | 'whole',
): Promise<'ok' | 'missing' | 'wrong'> {
  const found = await stat(path).catch(() => null)
  if (!found?.isFile()) return 'missing'
  if (found.size !== wanted.sizeBytes) return 'wrong'
  if (how === 'quick') return 'ok'
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return hash.digest('hex') === wanted.sha256 ? 'ok' : 'wrong'
}
