import type { OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js'
import type { FetchLike, Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { Secret } from '../../../kernel/secret.ts'
import type { SafeFetch } from '../../../platform/fetch/fetch.ts'

/** A line to a server, not yet opened. */
export interface Line {
  readonly transport: Transport
  /** The last that a program said to its own log, without its keys; empty for an address. */
  log(): string
}

const MAX_BYTES = 4_000_000
const HTTP_MS = 60_000
const LOG_CHARS = 2_000
/** No core files, few open files, none larger than 1 GB; then the program itself in the shell's place. */
const LIMITED = 'ulimit -c 0; ulimit -n 512; ulimit -f 2097152; exec "$0" "$@"'

/** A program of the operator's list as a child process, with its own variables and none of the city's. Whoever closes the transport ends it. */
export async function programLine(program: {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, Secret>>
}): Promise<Line> {
  const { StdioClientTransport } = await import('@modelcontextprotocol/sdk/client/stdio.js')
  const secrets = Object.values(program.env).map((value) => value.reveal())
  const transport = new StdioClientTransport({
    command: 'sh',
    args: ['-c', LIMITED, program.command, ...program.args],
    env: Object.fromEntries(Object.entries(program.env).map(([name, value]) => [name, value.reveal()])),
    stderr: 'pipe',
    maxBufferSize: MAX_BYTES,
  })
  let tail = ''
  transport.stderr?.on('data', (bytes: Buffer) => {
    // Twice what is shown, so that a key cut in two by the end of the window is still found.
    tail = (tail + bytes.toString('utf8')).slice(-2 * LOG_CHARS)
  })
  const log = () =>
    secrets.reduce((text, secret) => text.replaceAll(secret, '[secret]'), tail).slice(-LOG_CHARS)
  return { transport, log }
}

/** An address that speaks streamable HTTP, asked by `fetch`, which is the city's safe one. */
export async function addressLine(address: {
  readonly url: string
  readonly fetch: FetchLike
  readonly headers: Readonly<Record<string, string>>
  readonly oauth?: OAuthClientProvider | undefined
}): Promise<Line> {
  const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/sdk/client/streamableHttp.js')
  const transport = new StreamableHTTPClientTransport(new URL(address.url), {
    fetch: address.fetch,
    requestInit: { headers: { ...address.headers } },
    ...(address.oauth && { authProvider: address.oauth }),
  })
  // Its own types differ from each other only in what may be left undefined.
  return { transport: transport as unknown as Transport, log: () => '' }
}

/** The safe fetch in the shape the SDK asks through: nothing inside is reached unless the operator named its origin, and each answer is bounded. Streams without an end and methods it does not have are refused as a server may refuse them. */
export function safeFetchLike(open: SafeFetch): FetchLike {
  return async (url, init = {}) => {
    const method = init.method ?? 'GET'
    const headers = Object.fromEntries(new Headers(init.headers))
    const endless = method === 'GET' && headers.accept === 'text/event-stream'
    if (endless || (method !== 'GET' && method !== 'POST')) return new Response(null, { status: 405 })
    const {
      status,
      headers: given,
      bytes,
    } = await open(String(url), {
      method,
      headers,
      maxBytes: MAX_BYTES,
      timeoutMs: HTTP_MS,
      ...(init.body !== undefined && init.body !== null && { body: String(init.body) }),
      ...(init.signal && { signal: init.signal }),
    })
    const { 'content-encoding': _unpacked, 'content-length': _length, ...rest } = given
    const body = bytes.length === 0 ? null : new Uint8Array(bytes)
    return new Response(status === 204 || status === 304 ? null : body, { status, headers: rest })
  }
}
