import { z } from 'zod'
import { AppError, ErrorBody, kernelError } from '../kernel/errors.ts'
import type { Principal } from '../kernel/principal.ts'
import type { ArtefactSource, PartArtefacts } from '../services/router-v2/artefacts.ts'
import type { Peers } from './peers.ts'

const _Verbose = z.object({
  text: z.string(),
  language_code: z.string().nullable(),
  duration: z.number(),
  speech: z.boolean(),
  engine: z.string(),
  segments: z.array(z.object({ start: z.number(), end: z.number(), text: z.string() })),
})

/** What a peer's gateway makes of foreign bytes, over its uploads. Without a peer each part says that nothing here can read it. */
export function remoteArtefacts(peers: Peers, from: string): PartArtefacts {
  const remote = peers.remote('multimodal-gateway', from)

  async function ask(
    path: string,
    { bytes, mime, name }: ArtefactSource,
    fields: Record<string, string>,
    who: Asker,
  ): Promise<unknown> {
    if (!remote) throw kernelError('peer.unreachable', { peer: 'multimodal-gateway' })
    const form = new FormData()
    for (const [key, value] of Object.entries(fields)) form.set(key, value)
    form.set('file', new Blob([new Uint8Array(bytes)], { type: mime }), name)
    const headers = await remote.authorize({ principal: who.principal })
    const response = await fetch(new URL(path, remote.url), {
      method: 'POST',
      body: form,
      headers,
      signal: who.signal,
    }).catch((cause: unknown) => {
      who.signal.throwIfAborted()
      throw kernelError('peer.unreachable', { peer: 'multimodal-gateway' }, { cause })
    })
    const body: unknown = await response.json().catch(() => undefined)
    if (response.ok) return body
    const told = ErrorBody.safeParse(body)
    if (!told.success)
      throw kernelError('peer.unintelligible', { peer: 'multimodal-gateway', status: response.status })
    const { kind, code, message, params } = told.data.error
    throw new AppError(kind, code, message, params)
  }
  return { ask } as never
}

interface Asker {
  readonly principal: Principal | null
  readonly signal: AbortSignal
}
