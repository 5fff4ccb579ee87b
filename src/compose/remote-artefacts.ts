import { z } from 'zod'
import { AppError, ErrorBody, kernelError } from '../kernel/errors.ts'
import { OcrResult, ParseResult } from '../services/multimodal-gateway/doors.contract.ts'
import type { ArtefactCall, ArtefactSource, PartArtefacts } from '../services/router-v2/artefacts.ts'
import type { Peers } from './peers.ts'

const PEER = 'multimodal-gateway'

/** `verbose_json` as our own gateway writes it. */
const Heard = z.object({
  text: z.string(),
  language_code: z.string().nullable(),
  duration: z.number(),
  speech: z.boolean(),
  engine: z.string(),
  segments: z.array(z.object({ start: z.number(), end: z.number(), text: z.string() })),
})

/** OpenAI's shape of an error, as the gateway answers under `/v1`. */
const OpenAiError = z.object({ error: z.object({ message: z.string(), code: z.string() }) })

/** What a peer's gateway makes of foreign bytes, over its uploads. Without a peer each part says that nothing here can read it. */
export function remoteArtefacts(peers: Peers, from: string): PartArtefacts {
  const remote = peers.remote(PEER, from)

  async function ask(
    path: string,
    { bytes, mime, name }: ArtefactSource,
    { principal, signal }: ArtefactCall,
    fields: Readonly<Record<string, string>> = {},
  ): Promise<unknown> {
    if (!remote) throw kernelError('peer.unreachable', { peer: PEER })
    const form = new FormData()
    for (const [key, value] of Object.entries(fields)) form.set(key, value)
    form.set('file', new Blob([new Uint8Array(bytes)], { type: mime }), name)
    const headers = await remote.authorize({ principal })
    const response = await fetch(new URL(path, remote.url), {
      method: 'POST',
      body: form,
      headers,
      signal,
    }).catch((cause: unknown) => {
      signal.throwIfAborted()
      throw kernelError('peer.unreachable', { peer: PEER }, { cause })
    })
    const body: unknown = await response.json().catch(() => undefined)
    if (!response.ok) throw told(body, response.status)
    return body
  }

  return {
    async transcribe(source, call) {
      const fields = { response_format: 'verbose_json' }
      const heard = Heard.parse(await ask('/v1/audio/transcriptions', source, call, fields))
      const { text, language_code: language, speech, segments, engine, duration } = heard
      return { text, language, speech, segments, engine, durationMs: duration * 1000 }
    },
    async read(source, call) {
      const { text, confidence, engine } = OcrResult.parse(await ask('/api/multimodal/ocr', source, call))
      return { text, confidence, engine }
    },
    parse: async (source, call) => ParseResult.parse(await ask('/api/multimodal/parse', source, call)),
  }
}

function told(body: unknown, status: number): AppError {
  const ours = ErrorBody.safeParse(body)
  if (ours.success) {
    const { kind, code, message, params } = ours.data.error
    return new AppError(kind, code, message, params)
  }
  const shaped = OpenAiError.safeParse(body)
  if (!shaped.success)
    return kernelError('peer.unintelligible', { peer: PEER, status }, { retryable: status >= 500 })
  const { code, message } = shaped.data.error
  return new AppError(status >= 500 ? 'upstream' : 'invalid', code, message)
}
