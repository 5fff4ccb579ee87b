import type { AppError } from '../../kernel/errors.ts'
import { AppError as Failure } from '../../kernel/errors.ts'
import { engineError } from '../engine.errors.ts'
import type { Reader, ReadPage } from './reader.ts'

export interface FakeReaderNeeds {
  readonly name?: string
  /** What stands at which address; everything else is a 404. */
  readonly pages?: Readonly<Record<string, Pick<ReadPage, 'title' | 'markdown'> & Partial<ReadPage>>>
  readonly missing?: AppError
  /** Awaited before each answer: lets a test hold a call, or fail it. */
  before?(): Promise<void> | void
}

/** Reads what it was told, for tests; `asked` keeps the addresses. */
export function createFakeReader(needs: FakeReaderNeeds = {}): Reader & { readonly asked: string[] } {
  const { missing = null, name = 'fake', pages = {} } = needs
  const asked: string[] = []
  return {
    name,
    asked,
    missing: () => Promise.resolve(missing),
    async read(url, { signal } = {}) {
      if (missing) throw missing
      asked.push(url)
      await needs.before?.()
      if (signal?.aborted) throw Failure.from(signal.reason)
      const page = pages[url]
      if (!page) throw engineError('engine.refused', { engine: new URL(url).host, status: 404 })
      return { url, links: [], engine: `${name}/1`, ...page }
    },
  }
}
