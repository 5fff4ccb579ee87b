import type { z } from 'zod'
import type { Models } from '../../engines/models/models.ts'
import type { Handlers } from '../../kernel/contract.ts'
import { AppError } from '../../kernel/errors.ts'
import type { LocalModel, multimodalGatewayContract } from './multimodal-gateway.contract.ts'

type ModelHandlers = Pick<Handlers<typeof multimodalGatewayContract>, 'models' | 'pullModel'>

/** The local models, seen and fetched from the web app. A pull goes on by itself; how the last one failed is kept until the next try. */
export function modelHandlers(models: Models): ModelHandlers {
  const failures = new Map<string, AppError>()

  const describe = async (): Promise<z.input<typeof LocalModel>[]> =>
    (await models.list()).map(({ name, engine, what, licence, state, sizeBytes, progress }) => {
      const failure = failures.get(name)
      return {
        name,
        purpose: engine,
        about: what,
        licence,
        sizeBytes,
        state,
        doneBytes: progress?.receivedBytes ?? (state === 'ready' ? sizeBytes : 0),
        ...(failure && state !== 'ready' && state !== 'pulling' && { error: failure.toJSON().error }),
      }
    })

  return {
    models: async () => ({ items: await describe() }),
    async pullModel({ model }) {
      // An unknown name rejects here, before anything goes on by itself.
      await models.state(model)
      failures.delete(model)
      models.pull(model).catch((cause: unknown) => void failures.set(model, AppError.from(cause)))
      const found = (await describe()).find(({ name }) => name === model)
      if (!found) throw new Error('A model with a state is in the list')
      return found
    },
  }
}
