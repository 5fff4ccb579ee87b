import { describe, expect, it } from 'vitest'
import { modelsError } from '../../engines/models/models.errors.ts'
import type { Models } from '../../engines/models/models.ts'
import { createModelShelf } from './model-shelf.ts'

/** One model, whose pull ends as it is told. */
function scripted() {
  const pulls: { signal: AbortSignal | undefined; fail(cause: Error): void; end(): void }[] = []
  let state: 'missing' | 'pulling' | 'ready' = 'missing'
  const about = {
    name: 'whisper-base',
    engine: 'stt' as const,
    what: 'Speech',
    licence: 'MIT',
    copyright: '',
    sizeBytes: 100,
  }
  const models: Models = {
    dir: '',
    list: async () => {
      const progress = { model: about.name, receivedBytes: 40, totalBytes: 100, source: 'hub' as const }
      return [{ ...about, state, progress: state === 'pulling' ? progress : undefined }]
    },
    async state(name) {
      if (name !== about.name) throw modelsError('models.unknown', { model: name })
      return state
    },
    missing: async () => null,
    pull: (_, { signal } = {}) =>
      new Promise((resolve, reject) => {
        state = 'pulling'
        const settle = (next: typeof state, how: () => void) => {
          state = next
          how()
        }
        signal?.addEventListener('abort', () => settle('missing', () => reject(signal.reason)))
        pulls.push({
          signal,
          fail: (cause) => settle('missing', () => reject(cause)),
          end: () => settle('ready', () => resolve({ source: 'hub' })),
        })
      }),
    verify: async () => [],
  }
  return { models, pulls }
}

describe('model shelf', () => {
  it('fetches in the background, once for all who ask, and tells how far it is', async () => {
    const { models, pulls } = scripted()
    const shelf = createModelShelf(models)
    expect(await shelf.list()).toMatchObject([{ purpose: 'stt', state: 'missing', doneBytes: 0 }])
    expect(await shelf.pull('whisper-base')).toMatchObject({
      state: 'pulling',
      doneBytes: 40,
      sizeBytes: 100,
    })
    await shelf.pull('whisper-base')
    expect(pulls.length).toBe(1)
    pulls[0]?.end()
    await expect.poll(shelf.list).toMatchObject([{ state: 'ready', doneBytes: 100 }])
  })

  it('says how the last pull failed, until the next begins', async () => {
    const { models, pulls } = scripted()
    const shelf = createModelShelf(models)
    await shelf.pull('whisper-base')
    pulls[0]?.fail(modelsError('models.not_fetched', { model: 'whisper-base', reasons: 'hub: no line' }))
    await expect.poll(shelf.list).toMatchObject([{ state: 'missing', error: { code: 'models.not_fetched' } }])
    expect((await shelf.pull('whisper-base')).error).toBeUndefined()
  })

  it('refuses what nobody knows, and stops with the process', async () => {
    const { models, pulls } = scripted()
    const shelf = createModelShelf(models)
    await expect(shelf.pull('other')).rejects.toMatchObject({ code: 'models.unknown', kind: 'not_found' })
    await shelf.pull('whisper-base')
    await shelf.stop()
    expect(pulls[0]?.signal?.aborted).toBe(true)
    expect((await shelf.list())[0]?.error).toBeUndefined()
    expect(await createModelShelf(undefined).list()).toEqual([])
  })
})
