import type { ModelInfo, Models } from '../../engines/models/models.ts'
import { AppError, type Failure, kernelError } from '../../kernel/errors.ts'
import type { LocalModel } from './multimodal-gateway.contract.ts'

/** The models of this machine, fetched in the background. */
export interface ModelShelf {
  list(): Promise<LocalModel[]>
  /** Begins to fetch, or joins what is being fetched, and answers at once. Rejects for a model nobody knows. */
  pull(name: string): Promise<LocalModel>
  /** Calls off what is being fetched; a later pull goes on from there. */
  stop(): Promise<void>
}

export function createModelShelf(models: Models | undefined): ModelShelf {
  const pulls = new Map<string, Promise<unknown>>()
  const failures = new Map<string, Failure>()
  const stopping = new AbortController()

  const list = async () =>
    ((await models?.list()) ?? []).map((model) => shown(model, failures.get(model.name)))
  const begin = (from: Models, name: string) => {
    failures.delete(name)
    const work = from
      .pull(name, { signal: stopping.signal })
      .catch((cause: unknown) => {
        if (!stopping.signal.aborted) failures.set(name, AppError.from(cause).toJSON().error)
      })
      .finally(() => pulls.delete(name))
    pulls.set(name, work)
  }

  return {
    list,
    async pull(name) {
      // Asked first, so that an unknown name is refused and not only written down.
      await models?.state(name)
      if (models && !pulls.has(name)) begin(models, name)
      const model = (await list()).find((one) => one.name === name)
      if (!model) throw kernelError('http.not_found')
      return model
    },
    async stop() {
      stopping.abort(kernelError('call.cancelled'))
      await Promise.all(pulls.values())
    },
  }
}

const shown = (model: ModelInfo, error: Failure | undefined): LocalModel => ({
  name: model.name,
  purpose: model.engine,
  about: model.what,
  licence: model.licence,
  sizeBytes: model.sizeBytes,
  state: model.state,
  doneBytes: model.progress?.receivedBytes ?? (model.state === 'ready' ? model.sizeBytes : 0),
  ...(error && { error }),
})
