import { z } from 'zod'
import { get } from '../../kernel/contract.ts'

export const CityFile = z.object({
  id: z.string(),
  name: z.string(),
  /** As sniffed, never as claimed. */
  mime: z.string(),
  sizeBytes: z.number().int(),
  sha256: z.string(),
  width: z.number().int().optional(),
  height: z.number().int().optional(),
  durationMs: z.number().optional(),
  pages: z.number().int().optional(),
})
export type CityFile = z.infer<typeof CityFile>

/** Uploads (`POST /api/city/files`) and downloads (`GET /api/city/files/:file`, `…/thumbnail`) are routes of their own beside these. */
export const fileOperations = {
  file: get('/api/city/files/:file/about', {
    right: 'city.file.read',
    summary: 'What a file is',
    input: z.object({ file: z.string() }),
    output: CityFile,
  }),
}
