import type { AppError } from '../../kernel/errors.ts'
import { AppError as Failure } from '../../kernel/errors.ts'
import { engineError } from '../engine.errors.ts'
import { bytesOf } from '../foreign-file.ts'
import type { Sight, Vision } from './vision.ts'

export interface FakeVisionNeeds {
  readonly name?: string
  readonly sight?: Partial<Sight>
  readonly missing?: AppError
  /** Awaited before each answer: lets a test hold a call, or fail it. */
  before?(): Promise<void> | void
}

/** Sees what it was told, for tests; `asked` keeps the questions. */
export function createFakeVision(
  needs: FakeVisionNeeds = {},
): Vision & { readonly asked: (string | undefined)[] } {
  const { missing = null, name = 'fake', sight = {} } = needs
  const asked: (string | undefined)[] = []
  return {
    name,
    asked,
    missing: () => Promise.resolve(missing),
    async describe(image, { camera, question, signal } = {}) {
      if (missing) throw missing
      asked.push(question)
      await needs.before?.()
      if (signal?.aborted) throw Failure.from(signal.reason)
      if ((await bytesOf(image)).length === 0) throw engineError('file.empty')
      const { camera: told, ...seen } = sight
      return {
        text: null,
        objects: [],
        tags: [],
        codes: [],
        colours: [],
        engine: `${name}/1`,
        ...seen,
        ...(camera && told && { camera: told }),
      }
    },
  }
}
