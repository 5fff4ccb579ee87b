import type { Kysely } from 'kysely'
import type { Embeddings } from '../../engines/embeddings/embeddings.ts'
import { isFinal } from '../../engines/engine.errors.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Events } from '../../platform/events/events.ts'
import { checkTold, told } from '../../platform/http/check.errors.ts'
import type { Check } from '../../platform/http/service.ts'
import { reindexAsked } from './knowledge.events.ts'
import type { KnowledgeTables } from './knowledge.tables.ts'
import type { Vectors } from './vectors.ts'

const REINDEX_TIMEOUT_MS = 60 * 60_000
const CLAIM = 200

interface MeaningNeeds {
  readonly db: Kysely<KnowledgeTables>
  readonly events: Events
  readonly vectors: Vectors
  /** The model to embed with from now on. */
  readonly embeddings: () => Promise<Embeddings>
  /** Others that can still embed a question, for documents not yet embedded anew. */
  readonly older: readonly Embeddings[]
}

/** What a document was embedded with; `name` is null where no model could be had. */
interface Learned {
  readonly name: string | null
  readonly known: boolean
}

/** Keeps the vectors of all documents up with the chosen model. Search never waits for it: words are always there, and vectors of an older model until the new ones are whole. */
export interface Meaning {
  /** Embeds what is missing of a document. Never rejects but by the signal: without vectors a document is still found by its words. */
  learn(document: string, signal: AbortSignal): Promise<Learned>
  /** Models that may rank a question, the chosen one first. */
  models(): Promise<readonly Embeddings[]>
  /** Asks for every finished document that the chosen model does not know. */
  catchUp(): Promise<void>
  failed(model: Embeddings, cause: unknown): void
  check(): Promise<Check>
}

export function createMeaning({ db, events, vectors, embeddings, older }: MeaningNeeds): Meaning {
  /** Of the last try to embed; null once one went well. */
  let failure: AppError | null = null
  let absent: AppError | null = null
  let caughtUp: string | null = null
  const chosen = async (): Promise<Embeddings | null> => {
    try {
      const model = await embeddings()
      const missing = await model.missing()
      absent = missing && AppError.from(missing)
      return missing ? null : model
    } catch (cause) {
      absent = AppError.from(cause)
      return null
    }
  }
  /** What nobody was asked for is asked for at the next occasion. */
  const unknown: Learned = { name: null, known: false }
  const leave = (): Learned => {
    caughtUp = null
    return unknown
  }

  events.consume({
    name: 'knowledge.reindex',
    db,
    types: [reindexAsked],
    timeoutMs: REINDEX_TIMEOUT_MS,
    async handle({ data: { document, model } }, job) {
      const current = await embeddings()
      // Another model was chosen meanwhile: there is an event for that one, or will be.
      if (current.model !== model) return await job.commit((tx) => vectors.release(tx, document, model))
      await vectors.embed(document, current, job.signal)
      failure = null
      await job.commit((tx) => vectors.complete(tx, document, model))
    },
    failed: ({ data: { document, model } }, _failure, tx) => vectors.release(tx, document, model),
  })

  return {
    async learn(document, signal) {
      const model = await chosen()
      if (!model) return leave()
      try {
        await vectors.embed(document, model, signal)
        failure = null
        return { name: model.model, known: true }
      } catch (cause) {
        signal.throwIfAborted()
        failure = AppError.from(cause)
        return isFinal(failure) ? leave() : { name: model.model, known: false }
      }
    },

    async models() {
      const model = await chosen()
      return model ? [model, ...older.filter((other) => other.model !== model.model)] : older
    },

    async catchUp() {
      const model = await chosen()
      if (!model || caughtUp === model.model) return
      caughtUp = model.model
      for (let claimed = CLAIM; claimed === CLAIM; )
        claimed = await db.transaction().execute(async (tx) => {
          const documents = await vectors.claim(tx, model.model, CLAIM)
          const asked = documents.map((document) => ({
            type: reindexAsked,
            principal: null,
            data: { document, model: model.model },
          }))
          if (asked.length > 0) await events.append(tx, ...asked)
          return documents.length
        })
    },

    failed(_model, cause) {
      failure = AppError.from(cause)
    },

    async check() {
      const model = await chosen()
      const name = 'embeddings'
      const why = absent ?? failure
      if (!model || why)
        return {
          name,
          state: 'degraded',
          detail: `Documents are searched by their words alone. ${why?.message ?? ''}`.trim(),
          ...(why && { code: why.code, params: why.params }),
        }
      if (!model.semantic)
        return {
          name,
          state: 'degraded',
          ...told(checkTold('check.letters', { model: model.model })),
        }
      return { name, state: 'ok' }
    },
  }
}
