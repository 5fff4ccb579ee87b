import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { toolServer } from './tool-server.ts'

export interface HttpToolServer extends AsyncDisposable {
  readonly url: string
  readonly origin: string
  /** What it answers with. */
  readonly answers: { note: string; about: string }
  /** Every request, with the authorisation it came with. */
  readonly asked: { path: string; authorization: string | undefined; key: string | undefined }[]
  /** From now on the access tokens that were given let nobody in. */
  expire(): void
  /** Neither do the refresh tokens. */
  revoke(): void
}

/** A server of tools over streamable HTTP. With `oauth` it lets in whom its own sign-in gave a token: discovery (RFC 9728, 8414), registration (RFC 7591), codes with PKCE, rotating refresh tokens. */
export async function httpToolServer({ oauth = false, key = '' } = {}): Promise<HttpToolServer> {
  const answers = { note: 'the rent is 700', about: 'Finds a note.' }
  const asked: HttpToolServer['asked'] = []
  const clients = new Set<string>()
  const codes = new Map<string, { challenge: string; client: string; redirect: string }>()
  const access = new Set<string>()
  const refresh = new Set<string>()
  let origin = ''

  const json = (reply: ServerResponse, status: number, body: unknown) =>
    reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

  function tokens(reply: ServerResponse) {
    const [given, renewed] = [randomBytes(12).toString('hex'), randomBytes(12).toString('hex')]
    access.add(given)
    refresh.add(renewed)
    json(reply, 200, { access_token: given, token_type: 'Bearer', expires_in: 3600, refresh_token: renewed })
  }

  async function signIn(url: URL, request: IncomingMessage, reply: ServerResponse): Promise<boolean> {
    if (url.pathname.startsWith('/.well-known/oauth-protected-resource'))
      json(reply, 200, { resource: `${origin}/mcp`, authorization_servers: [origin] })
    else if (url.pathname === '/.well-known/oauth-authorization-server')
      json(reply, 200, {
        issuer: origin,
        authorization_endpoint: `${origin}/authorize`,
        token_endpoint: `${origin}/token`,
        registration_endpoint: `${origin}/register`,
        response_types_supported: ['code'],
        grant_types_supported: ['authorization_code', 'refresh_token'],
        code_challenge_methods_supported: ['S256'],
        token_endpoint_auth_methods_supported: ['none'],
      })
    else if (url.pathname === '/register') {
      const wanted = JSON.parse(await bodyOf(request)) as { redirect_uris: string[] }
      const id = randomBytes(6).toString('hex')
      clients.add(`${id} ${wanted.redirect_uris[0]}`)
      json(reply, 201, { ...wanted, client_id: id })
    } else if (url.pathname === '/authorize') {
      const of = (name: string) => url.searchParams.get(name) ?? ''
      if (!clients.has(`${of('client_id')} ${of('redirect_uri')}`) || of('code_challenge_method') !== 'S256')
        return json(reply, 400, { error: 'invalid_request' }) !== undefined
      const code = randomBytes(8).toString('hex')
      codes.set(code, {
        challenge: of('code_challenge'),
        client: of('client_id'),
        redirect: of('redirect_uri'),
      })
      const back = new URL(of('redirect_uri'))
      back.searchParams.set('code', code)
      back.searchParams.set('state', of('state'))
      reply.writeHead(302, { location: back.href }).end()
    } else if (url.pathname === '/token') {
      const form = new URLSearchParams(await bodyOf(request))
      const of = (name: string) => form.get(name) ?? ''
      const code = codes.get(of('code'))
      codes.delete(of('code'))
      const proven = createHash('sha256').update(of('code_verifier')).digest('base64url')
      const isRenewed = of('grant_type') === 'refresh_token' && refresh.delete(of('refresh_token'))
      if (isRenewed || (code?.challenge === proven && code.client === of('client_id'))) tokens(reply)
      else json(reply, 400, { error: 'invalid_grant' })
    } else return false
    return true
  }

  const server = createServer(async (request, reply) => {
    const url = new URL(request.url ?? '/', origin)
    const { authorization } = request.headers
    asked.push({ path: url.pathname, authorization, key: request.headers['x-api-key']?.toString() })
    if (oauth && (await signIn(url, request, reply))) return
    if (url.pathname !== '/mcp') return void reply.writeHead(404).end()
    const isIn = oauth
      ? access.has(authorization?.replace('Bearer ', '') ?? '')
      : asked.at(-1)?.key === (key || undefined)
    if (!isIn) {
      const metadata = `Bearer resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`
      return void reply.writeHead(401, { 'www-authenticate': metadata }).end()
    }
    const transport = new StreamableHTTPServerTransport({})
    const tools = toolServer(answers)
    reply.once('close', () => void tools.close())
    // Its own types differ from each other only in what may be left undefined.
    await tools.connect(transport as unknown as Parameters<typeof tools.connect>[0])
    await transport.handleRequest(request, reply)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    ...{ origin, answers, asked, url: `${origin}/mcp` },
    expire: () => access.clear(),
    revoke() {
      access.clear()
      refresh.clear()
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}
