import type { z } from 'zod'
import { engineError } from '../engines/engine.errors.ts'
import type { Clock } from '../kernel/clock.ts'
import { deadline } from '../kernel/deadline.ts'
import { AppError, ErrorBody, kernelError } from '../kernel/errors.ts'
import { OpenAiError } from '../platform/http/openai-error.ts'

export interface NodeNeeds {
  readonly url: string
  /** The header that says who asks. */
  authorize(): Promise<Record<string, string>>
  readonly clock: Clock
  /** How long its health may take to tell, and how often it is looked at while it works; 2 s and 3 s where nothing is said. */
  readonly patience?: { readonly healthMs: number; readonly lookMs: number }
}

export interface Answer {
  readonly bytes: Uint8Array
  readonly mime: string
  readonly headers: Headers
}

/** Another node that keeps engines. Its health is looked at before it is asked, and while it works: one that is dead, frozen or crawling is left for the next driver. */
export interface EngineNodePeer {
  readonly name: string
  readonly host: string
  missing(): Promise<Error | null>
  /** Who answered there, with the node before it. */
  named(engine: string | undefined): string
  /** Sends a file with fields, as multipart/form-data. */
  send(
    path: string,
    fields: Readonly<Record<string, string | readonly string[]>>,
    file: { readonly bytes: Uint8Array; readonly mime: string; readonly name: string },
    signal: AbortSignal | undefined,
  ): Promise<Answer>
  post(path: string, body: unknown, signal: AbortSignal | undefined): Promise<Answer>
  /** Judges an answer; what is not of that shape is garbage, and another driver's turn. */
  read<S extends z.ZodType>(schema: S, answer: Answer): z.output<S>
}

/** Of one answer. */
const MOST_BYTES = 128 * 1024 * 1024
const CALL_MS = 10 * 60_000
const PATIENCE = { healthMs: 2_000, lookMs: 3_000 }
/** How long a look at its health is believed. */
const BELIEVED_MS = 3_000
/** So many looks in vain, and the work under way there is given up. */
const LOOKS = 2

export function createNode({ authorize, clock, patience = PATIENCE, url }: NodeNeeds): EngineNodePeer {
  const { host } = new URL(url)
  let seen: { readonly at: number; readonly why: Promise<Error | null> } | undefined

  const look = async (): Promise<Error | null> => {
    try {
      const response = await fetch(new URL('/health', url), { signal: deadline(patience.healthMs) })
      await response.arrayBuffer()
      // A server of another make may have no such page; that it answers is what counts.
      return response.status >= 500 ? engineError('engine.unreachable', { engine: host }) : null
    } catch (cause) {
      return engineError('engine.unreachable', { engine: host }, { cause })
    }
  }
  const missing = (): Promise<Error | null> => {
    if (!seen || clock.now() - seen.at > BELIEVED_MS) seen = { at: clock.now(), why: look() }
    return seen.why
  }

  /** Looks at its health while it works; aborts where it gives no sign of life. */
  const watch = (over: AbortSignal): AbortSignal => {
    const lost = new AbortController()
    const run = async () => {
      for (let silent = 0; silent < LOOKS; ) {
        await clock.sleep(patience.lookMs, over)
        silent = (await look()) ? silent + 1 : 0
      }
      lost.abort(engineError('engine.unreachable', { engine: host }))
    }
    run().catch(() => undefined)
    return lost.signal
  }

  const call = async (
    path: string,
    body: string | ArrayBuffer,
    type: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Answer> => {
    const over = new AbortController()
    const late = deadline(CALL_MS)
    const lost = watch(over.signal)
    const limit = AbortSignal.any([late, lost, ...(signal ? [signal] : [])])
    try {
      const response = await fetch(new URL(path, url), {
        method: 'POST',
        body,
        headers: { ...(await authorize()), ...(type !== undefined && { 'content-type': type }) },
        signal: limit,
      })
      const bytes = await bodyOf(response, host)
      if (!response.ok) throw told(bytes, response, host)
      const mime = (response.headers.get('content-type') ?? '').split(';')[0]?.trim() ?? ''
      return { bytes, mime, headers: response.headers }
    } catch (cause) {
      if (cause instanceof AppError) throw cause
      if (signal?.aborted) throw AppError.from(signal.reason)
      if (late.aborted) throw kernelError('call.timeout', {}, { cause })
      throw engineError('engine.unreachable', { engine: host }, { cause })
    } finally {
      over.abort()
    }
  }

  return {
    name: `peer ${host}`,
    host,
    missing,
    named: (engine) => `${host}/${engine === undefined ? 'unnamed' : decodeURI(engine)}`,
    async send(path, fields, file, signal) {
      const form = new FormData()
      for (const [name, given] of Object.entries(fields))
        for (const value of [given].flat()) form.append(name, value)
      form.append('file', new Blob([new Uint8Array(file.bytes)], { type: file.mime }), file.name)
      // A form goes as bytes: called off while it streams, it leaves a rejection in Node 24 that nobody can handle.
      const whole = new Response(form)
      return await call(
        path,
        await whole.arrayBuffer(),
        whole.headers.get('content-type') ?? undefined,
        signal,
      )
    },
    post: (path, body, signal) => call(path, JSON.stringify(body), 'application/json', signal),
    read(schema, { bytes }) {
      try {
        return schema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')))
      } catch (cause) {
        throw engineError('engine.cut', { engine: host }, { cause, retryable: true })
      }
    },
  }
}

/** The whole body, within reason. */
async function bodyOf(response: Response, engine: string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of response.body ?? []) {
    size += piece.length
    if (size > MOST_BYTES) throw engineError('engine.cut', { engine }, { retryable: true })
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

/** A refusal over there: the file's own fault stays that; anything else is the node's, and another driver's turn. */
function told(bytes: Uint8Array, { headers, status }: Response, engine: string): AppError {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  const wait = Number.isFinite(seconds) ? { retryAfterMs: seconds * 1000 } : {}
  const found = failureIn(bytes)
  const ofTheFile =
    found && (/^(?:file|page|speech|fetch)\./.test(found.code) || found.code === 'engine.quarantined')
  if (found && (ofTheFile || found.code === 'engine.busy'))
    return new AppError(found.kind, found.code, found.message, found.params, wait)
  return engineError('engine.refused', { engine, status }, { retryable: true, ...wait })
}

function failureIn(bytes: Uint8Array) {
  try {
    const body: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    const shaped = OpenAiError.safeParse(body)
    return shaped.success ? shaped.data.error.daarion : ErrorBody.safeParse(body).data?.error
  } catch {
    return undefined
  }
}
