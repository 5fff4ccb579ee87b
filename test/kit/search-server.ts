import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface SearchServer extends AsyncDisposable {
  readonly url: string
  /** What came, oldest first: the parameters, and the key where one was given. */
  readonly asked: { path: string; parameters: Record<string, unknown>; key: string | undefined }[]
  /** While it is set, every answer has this status and no body. */
  status: number | null
}

/** The key that it takes as Brave and as Tavily. */
export const SEARCH_KEY = 'search-key-1'

const PAGES = [
  {
    title: 'Кабель <strong>&amp;</strong> дріт',
    url: 'https://dovidka.example/kabel?utm_source=x',
    text: 'Що таке <strong>кабель</strong>&#39;.',
  },
  { title: 'Кабель: ціни', url: 'https://kramnytsia.example/kabel', text: 'Кабель мідний.' },
  { title: 'Кабель не адреса', url: 'javascript:alert(1)', text: 'Кабель.' },
]

/** Speaks as SearXNG (`GET /search?format=json`), Brave (`GET /res/v1/web/search`) and Tavily (`POST /search`) do, about two pages on a cable, on a free port of loopback. */
export async function startSearchServer(): Promise<SearchServer> {
  const asked: SearchServer['asked'] = []
  const server = createServer(async (request, response) => {
    const address = new URL(request.url ?? '', 'http://search')
    const sent = request.method === 'POST' ? await bodyOf(request) : Object.fromEntries(address.searchParams)
    const bearer = request.headers.authorization?.replace(/^Bearer /, '')
    const key = request.headers['x-subscription-token']?.toString() ?? bearer
    asked.push({ path: address.pathname, parameters: sent, key })
    const wantsKey = request.method === 'POST' || address.pathname.startsWith('/res/')
    const status = self.status ?? (wantsKey && key !== SEARCH_KEY ? 401 : 200)
    if (status !== 200) return void response.writeHead(status, { 'retry-after': '7' }).end()
    const query = String(sent.q ?? sent.query)
    const found = PAGES.filter(({ title }) => title.toLowerCase().includes(query.toLowerCase()))
    const json = address.pathname.startsWith('/res/')
      ? {
          type: 'search',
          web: {
            type: 'search',
            results: found.map(({ text, ...page }) => ({ ...page, description: text })),
          },
        }
      : { query, results: found.map(({ text, ...page }) => ({ ...page, content: text, score: 0.9 })) }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(json))
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const self: SearchServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    status: null,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
  return self
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let body = ''
  for await (const piece of request) body += piece
  return JSON.parse(body)
}
