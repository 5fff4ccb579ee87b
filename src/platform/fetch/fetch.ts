import type { IncomingHttpHeaders } from 'node:http'
import { Client, errors } from 'undici'
import { deadline } from '../../kernel/deadline.ts'
import { AppError, kernelError } from '../../kernel/errors.ts'
import { HEAD_BYTES, sniff } from '../files/sniff.ts'
import { isPublicAddress } from './addresses.ts'
import { readBody } from './body.ts'
import { fetchError } from './fetch.errors.ts'
import { pinnedLookup, type Resolve, resolvePublic } from './resolve.ts'
import { checkTarget, type Target } from './target.ts'

export interface SafeFetchNeeds {
  /** Origins of the operator's own configuration, such as `http://10.0.0.5:8080`: the only ones that may be internal or on another port. */
  readonly internal?: readonly string[]
  /** 80 and 443 where nothing is said. */
  readonly ports?: readonly number[]
  readonly userAgent?: string
  /** How names become addresses; the system's DNS servers where nothing is said. */
  readonly resolve?: Resolve
  /** Which addresses may be connected to; `isPublicAddress` where nothing is said. */
  readonly isPublic?: (address: string) => boolean
}

export interface SafeFetchOptions {
  readonly signal?: AbortSignal
  /** Over all redirects, to the last byte; 10 s where nothing is said. */
  readonly timeoutMs?: number
  /** Of the body, unpacked; 1 MB where nothing is said. */
  readonly maxBytes?: number
  /** Kinds that are wanted, such as `text/html` or `image/*`; all where nothing is said. Only asked of a 2xx. */
  readonly types?: readonly string[]
  readonly method?: 'GET' | 'HEAD' | 'POST'
  /** Sent to the first origin alone, but for those that begin with `accept`. Cookies are never sent. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

export interface Fetched {
  /** Where it came from in the end. */
  readonly url: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** By its bytes where they tell, else as claimed. */
  readonly mime: string
  readonly bytes: Uint8Array
}

/** Opens an address that somebody named. Fails with a code of `fetch.errors.ts`, `call.timeout` or `call.cancelled`; any status of the other side is an answer, but a redirect of a GET or HEAD, which is followed. */
export type SafeFetch = (address: string, options?: SafeFetchOptions) => Promise<Fetched>

const MAX_REDIRECTS = 5
const TIMEOUT_MS = 10_000
const MAX_BYTES = 1_000_000
const CONNECT_MS = 5_000
const MAX_HEADERS = 16_384
const USER_AGENT = 'DAARION/1 (+https://daarion.city)'

/** The one way to addresses that people, agents or documents name: http and https on the public internet alone, checked where it is connected and again at each redirect, without cookies, bounded in time and size. Each call has connections of its own. */
export function createSafeFetch(needs: SafeFetchNeeds = {}): SafeFetch {
  const isPublic = needs.isPublic ?? isPublicAddress
  const resolve = needs.resolve ?? resolvePublic
  const rules = {
    ports: needs.ports ?? [80, 443],
    internal: new Set((needs.internal ?? []).map((origin) => new URL(origin).origin)),
    isPublic,
  }

  const one = async (target: Target, sent: Sent, limit: AbortSignal): Promise<Fetched> => {
    const { url, host, trusted } = target
    const client = new Client(url.origin, {
      connect: {
        timeout: CONNECT_MS,
        ...(!trusted && { lookup: pinnedLookup(resolve, isPublic) }),
      },
      maxHeaderSize: MAX_HEADERS,
      pipelining: 0,
      headersTimeout: sent.timeoutMs,
      bodyTimeout: sent.timeoutMs,
    })
    try {
      const response = await client.request({
        path: `${url.pathname}${url.search}`,
        method: sent.method,
        headers: {
          ...sent.headers,
          'user-agent': needs.userAgent ?? USER_AGENT,
          'accept-encoding': 'gzip, br',
        },
        body: sent.body ?? null,
        signal: limit,
      })
      const headers = plain(response.headers)
      const redirect = redirectOf(response.statusCode, headers, sent.method)
      // What stands in a redirect is not read.
      const bytes = redirect
        ? new Uint8Array()
        : await readBody(response.body, headers['content-encoding'], host, sent.maxBytes, limit)
      if (redirect) response.body.on('error', () => undefined).destroy()
      return {
        url: url.href,
        status: response.statusCode,
        headers,
        mime: await mimeOf(headers, bytes),
        bytes,
      }
    } catch (cause) {
      if (limit.aborted) throw AppError.from(limit.reason)
      throw failure(cause, host)
    } finally {
      await client.destroy()
    }
  }

  return async (address, options = {}) => {
    const { timeoutMs = TIMEOUT_MS, method = 'GET', maxBytes = MAX_BYTES, body, types } = options
    const late = deadline(timeoutMs)
    const limit = options.signal ? AbortSignal.any([options.signal, late]) : late
    if (limit.aborted) throw kernelError('call.cancelled')
    let headers = withoutState(options.headers ?? {})
    let target = checkTarget(address, null, rules)
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      const answer = await one(target, { method, headers, body, maxBytes, timeoutMs }, limit)
      const location = redirectOf(answer.status, answer.headers, method)
      if (location === null) {
        if (types && answer.status < 300 && !types.some((type) => matches(type, answer.mime)))
          throw fetchError('fetch.unexpected_type', { host: target.host, mime: answer.mime })
        return answer
      }
      const next = checkTarget(asUtf8(location), target.url, rules)
      if (next.url.origin !== target.url.origin) headers = onlyAccept(headers)
      target = next
    }
    throw fetchError('fetch.too_many_redirects', { host: target.host, limit: MAX_REDIRECTS })
  }
}

/** Headers come as bytes; many servers write a path in UTF-8. */
const asUtf8 = (header: string): string => Buffer.from(header.trim(), 'latin1').toString('utf8')

interface Sent {
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | undefined
  readonly maxBytes: number
  readonly timeoutMs: number
}

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308]

const redirectOf = (
  status: number,
  headers: Readonly<Record<string, string>>,
  method: string,
): string | null => (method !== 'POST' && REDIRECTS.includes(status) ? (headers.location ?? null) : null)

const FORBIDDEN =
  /^(?:cookie|host|connection|transfer-encoding|content-length|upgrade|proxy-.*|user-agent|accept-encoding)$/i

const withoutState = (headers: Readonly<Record<string, string>>) =>
  kept(headers, (name) => !FORBIDDEN.test(name))
const onlyAccept = (headers: Readonly<Record<string, string>>) =>
  kept(headers, (name) => /^accept(?:-language)?$/i.test(name))
const kept = (headers: Readonly<Record<string, string>>, keep: (name: string) => boolean) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => keep(name)))

const plain = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value]] : value?.[0] !== undefined ? [[name, value[0]]] : [],
    ),
  )

/** What the bytes are, where that can be told; of text the claim says the kind. */
async function mimeOf(headers: Readonly<Record<string, string>>, bytes: Uint8Array): Promise<string> {
  const claimed = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  if (bytes.length === 0) return claimed || 'application/octet-stream'
  const sniffed = await sniff(bytes.subarray(0, HEAD_BYTES), true)
  if (sniffed !== 'text/plain') return sniffed
  return /^text\/[\w.+-]+$|[/+](?:json|xml)$/.test(claimed) ? claimed : 'text/plain'
}

const matches = (type: string, mime: string): boolean =>
  type.endsWith('/*') ? mime.startsWith(type.slice(0, -1)) : type === mime

function failure(cause: unknown, host: string): AppError {
  for (let inner = cause; inner instanceof Error; inner = inner.cause)
    if (inner instanceof AppError) return inner
  const broken =
    cause instanceof errors.HTTPParserError ||
    cause instanceof errors.HeadersOverflowError ||
    cause instanceof errors.ResponseContentLengthMismatchError
  return fetchError(broken ? 'fetch.broken' : 'fetch.unreachable', { host }, { cause })
}
