import type { Kysely } from 'kysely'
import { isFinal } from '../../engines/engine.errors.ts'
import { AppError } from '../../kernel/errors.ts'
import type { EventOf } from '../../kernel/event.ts'
import type { Events, Job } from '../../platform/events/events.ts'
import type { Files } from '../../platform/files/files.ts'
import { partAdded } from '../city/city.events.ts'
import type { Part, PartOutcome, PartType, Sight } from '../city/messages.contract.ts'
import type { Artefacts, Source, Wish } from './artefacts.ts'
import { dropErased } from './erase.ts'
import { partProcessed, partProgress } from './multimodal-gateway.events.ts'
import type { GatewayTables, Payer } from './multimodal-gateway.tables.ts'

/** Tries before a part is said to have failed. */
export const PART_ATTEMPTS = 3
const PART_TIMEOUT_MS = 10 * 60_000
/** Speech is heard one at a time, pictures two, and neither waits behind the other. */
const CONSUMERS = [
  { type: 'audio', concurrency: 1 },
  { type: 'image', concurrency: 2 },
] as const satisfies readonly { type: Part['type']; concurrency: number }[]

interface PartNeeds {
  readonly db: Kysely<GatewayTables>
  readonly events: Events
  readonly files: Files
  readonly artefacts: Artefacts
}

/** Hears every voice note and reads every image that is posted. Each part gets one outcome, be it only an error. */
export function consumeParts({ db, events, files, artefacts }: PartNeeds): void {
  for (const { type, concurrency } of CONSUMERS)
    events.consume({
      name: `gateway.${type}`,
      db,
      types: [partAdded],
      concurrency,
      attempts: PART_ATTEMPTS,
      timeoutMs: PART_TIMEOUT_MS,
      async handle(added, job) {
        if (added.data.type !== type) return
        const outcome = await work(added, job, type)
        await job.commit(async (tx) => {
          // Deleted meanwhile: what was made of it is told to nobody.
          if (!(await dropErased(tx, added.data.message))) await events.append(tx, processed(added, outcome))
        })
      },
      async failed(added, failure, tx) {
        if (added.data.type === type)
          await events.append(tx, processed(added, { error: failure.toJSON().error }))
      },
    })

  /** What there is to see; undefined where nothing here sees, or it failed: the picture was read all the same. */
  const seen = async (source: Source, wish: Wish, language: 'uk' | 'en'): Promise<Sight | undefined> => {
    try {
      const { engine, objects, text } = await artefacts.see(source, { ...wish, language })
      if (text === null && objects.length === 0) return undefined
      return { text, engine, objects: objects.map(({ confidence, label }) => ({ confidence, label })) }
    } catch {
      wish.signal.throwIfAborted()
      return undefined
    }
  }

  const work = async (added: Added, job: Job<GatewayTables>, type: PartType): Promise<PartOutcome> => {
    const { room, message, index, file } = added.data
    const report = (done: number) =>
      events.broadcast(partProgress, { room, message, index, done, total: 100 })
    report(0)
    const wish: Wish = {
      signal: job.signal,
      patient: true,
      inspected: true,
      onProgress: inSteps(report),
      payer: payerOf(added),
    }
    try {
      const bytes = await files.read(file.sha256)
      const source: Source = { bytes, mime: file.mime, name: file.name, sha256: file.sha256 }
      if (type === 'audio') return { transcript: await artefacts.transcribe(source, wish) }
      const { text, confidence, engine } = await artefacts.read(source, wish)
      const sight = await seen(source, wish, languageOf(text))
      return { ocr: { text, confidence, engine }, ...(sight && { sight }) }
    } catch (cause) {
      job.signal.throwIfAborted()
      const failure = AppError.from(cause)
      if (!isFinal(failure)) throw cause
      // A film without sound is as whole as any other: there is just nothing to hear in it.
      if (failure.code === 'file.no_audio' && file.mime.startsWith('video/'))
        return { transcript: { ...UNHEARD, durationMs: file.durationMs ?? 0 } }
      return { error: failure.toJSON().error }
    }
  }
}

/** English where the picture itself speaks it, else Ukrainian. */
const languageOf = (text: string): 'uk' | 'en' =>
  /\p{L}/u.test(text) && !/\p{Script=Cyrillic}/u.test(text) ? 'en' : 'uk'

const UNHEARD = { text: '', language: null, speech: false, segments: [], engine: 'none' }

type Added = EventOf<typeof partAdded>

const processed = ({ principal, room, requestId, data }: Added, outcome: PartOutcome) => ({
  type: partProcessed,
  principal,
  ...(room !== undefined && { room }),
  ...(requestId !== undefined && { requestId }),
  data: { room: data.room, message: data.message, index: data.index, attempt: data.attempt, outcome },
})

/** Whoever posted it pays. */
const payerOf = ({ data: { author } }: Added): Payer => ({
  principal: author.id,
  key: null,
  agent: author.kind === 'agent' ? author.id : null,
  community: null,
})

/** At most a report for each percent. */
function inSteps(report: (percent: number) => void): (share: number) => void {
  let last = 0
  return (share) => {
    const percent = Math.min(99, Math.floor(share * 100))
    if (percent <= last) return
    last = percent
    report(percent)
  }
}
