import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { AppError } from '../../kernel/errors.ts'
import { type Media, MediaFacts } from './media.ts'

const note = { bytes: new TextEncoder().encode('# Нотатка\n\nДещо.'), mime: '', name: 'note.md' }

/** What everything that looks into files must do. */
export function mediaConformance(name: string, make: () => Media): void {
  const codeOf = async (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => 'nothing failed',
      (error: unknown) => AppError.from(error).code,
    )

  test(`${name} says what a file is`, async () => {
    const facts = MediaFacts.parse(await make().inspect(note))
    expect(facts).toMatchObject({ kind: 'document', mime: 'text/markdown' })
  })

  test(`${name} takes a path as well as bytes`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'media-'))
    try {
      await writeFile(join(folder, 'x'), note.bytes)
      const file = { path: join(folder, 'x'), mime: '', name: 'note.md' }
      expect(await make().inspect(file)).toEqual(await make().inspect(note))
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  test(`${name} refuses an empty file and what it does not know`, async () => {
    expect(await codeOf(make().inspect({ ...note, bytes: new Uint8Array(0) }))).toBe('file.empty')
    expect(await codeOf(make().thumbnail({ bytes: new Uint8Array(0), mime: 'image/png' }, 64))).toBe(
      'file.empty',
    )
    const program = {
      bytes: Uint8Array.from([0x4d, 0x5a, 0, 0, 1, 0]),
      mime: 'application/x-msdownload',
      name: 'a.exe',
    }
    expect(await codeOf(make().inspect(program))).toBe('file.unsupported')
  })

  test(`${name} stops when told`, async () => {
    expect(await codeOf(make().inspect(note, AbortSignal.abort()))).toBe('call.cancelled')
    expect(await codeOf(make().thumbnail(note, 64, AbortSignal.abort()))).toBe('call.cancelled')
  })
}
