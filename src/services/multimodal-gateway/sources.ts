import { engineError } from '../../engines/engine.errors.ts'
import type { Client } from '../../kernel/contract.ts'
import type { Principal } from '../../kernel/principal.ts'
import type { SafeFetch } from '../../platform/fetch/fetch.ts'
import { filesError } from '../../platform/files/files.errors.ts'
import type { Files } from '../../platform/files/files.ts'
import type { fileOperations } from '../city/files.contract.ts'
import type { Source } from './artefacts.ts'
import { gatewayError } from './multimodal-gateway.errors.ts'

export interface SourceNeeds {
  /** The city's files; without them no stored file can be named. */
  readonly stored?: { readonly files: Pick<Files, 'read'>; city(): FileBook | undefined } | undefined
  /** The guarded way to addresses that people name. */
  readonly open: SafeFetch
  readonly maxBytes: number
}
type FileBook = Pick<Client<typeof fileOperations>, 'file'>

/** Fetches what a request names as its source: a file of the city that the asker may see, an address of the public internet, or a data URL. */
export type ResolveSource = (
  text: string,
  asker: { readonly principal: Principal | null; readonly signal: AbortSignal },
) => Promise<Source>

const FETCH_MS = 60_000
const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+)?(?:;[\w.+-]+=[^;,]*)*;base64,([A-Za-z0-9+/_-]*={0,2})$/

export function createSources({ maxBytes, open, stored }: SourceNeeds): ResolveSource {
  const tooLarge = () => filesError('file.too_large', { maxMegabytes: Math.floor(maxBytes / 1024 / 1024) })
  return async (text, { principal, signal }) => {
    if (text.startsWith('data:')) {
      const [, mime = 'application/octet-stream', base64 = ''] = DATA_URL.exec(text) ?? []
      if (!DATA_URL.test(text)) throw gatewayError('gateway.bad_source')
      return { bytes: new Uint8Array(Buffer.from(base64, 'base64')), mime, name: 'data' }
    }
    if (text.startsWith('file_')) {
      const city = stored?.city()
      if (!stored || !city) throw gatewayError('gateway.no_stored_files')
      const { mime, name, sha256, sizeBytes } = await city.file({ file: text }, { principal, signal })
      if (sizeBytes > maxBytes) throw tooLarge()
      return { bytes: await stored.files.read(sha256), mime, name, sha256 }
    }
    const fetched = await open(text, { maxBytes, signal, timeoutMs: FETCH_MS })
    const { host, pathname } = new URL(fetched.url)
    if (fetched.status < 200 || fetched.status >= 300)
      throw gatewayError('gateway.source_refused', { host, status: fetched.status })
    if (fetched.bytes.length === 0) throw engineError('file.empty')
    return { bytes: fetched.bytes, mime: fetched.mime, name: nameOf(pathname) || host }
  }
}

/** The last piece of a path, as a person would call the file. */
function nameOf(pathname: string): string {
  const last = pathname.split('/').at(-1) ?? ''
  try {
    return decodeURIComponent(last)
  } catch {
    return last
  }
}
