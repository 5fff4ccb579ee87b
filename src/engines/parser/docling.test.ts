import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AppError } from '../../kernel/errors.ts'
import { Secret } from '../../kernel/secret.ts'
import { createDocling } from './docling.ts'
import { parserConformance } from './parser.conformance.ts'
import type { ParsedPage, Parser } from './parser.ts'

/** A server of docling-serve's shape with a script: by default it makes a page of every 80 paragraphs. */
interface Script {
  status?: number
  body?: string
  seen?: { headers: IncomingMessage['headers']; form: FormData }
}

let server: Server
let script: Script = {}
let parser: Parser
beforeAll(async () => {
  server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const type = request.headers['content-type'] ?? ''
    const form = await new Response(Buffer.concat(pieces), { headers: { 'content-type': type } }).formData()
    script.seen = { headers: request.headers, form }
    const file = form.get('files')
    const words = file instanceof Blob ? await file.text() : ''
    const isThere = request.url === '/v1/convert/file' && request.method === 'POST'
    response.writeHead(isThere ? (script.status ?? 200) : 404, { 'content-type': 'application/json' })
    response.end(script.body ?? JSON.stringify(converted(words)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  parser = createDocling({ url: `http://127.0.0.1:${port}/`, key: new Secret('word') })
})
afterAll(() => new Promise((resolve) => server.close(resolve)))

function converted(words: string): unknown {
  const texts = words
    .split('\n\n')
    .filter(Boolean)
    .map((text, at) => ({
      self_ref: `#/texts/${at}`,
      label: 'text',
      text,
      prov: [{ page_no: Math.floor(at / 80) + 1 }],
      children: [],
    }))
  return answer({ texts, body: { children: texts.map(({ self_ref }) => ({ $ref: self_ref })) } })
}

const answer = (document: object, status = 'success') => ({
  document: { filename: 'x', json_content: { schema_name: 'DoclingDocument', ...document } },
  status,
  errors: [],
  processing_time: 0.1,
})

describe('conformance', () => {
  parserConformance('docling', () => {
    script = {}
    return parser
  })
})

const parse = async (): Promise<{ pages: ParsedPage[] } & Awaited<ReturnType<Parser['parse']>>> => {
  const pages: ParsedPage[] = []
  const document = { bytes: new Uint8Array([1]), mime: 'application/pdf', name: 'звіт.pdf' }
  return { ...(await parser.parse(document, { onPage: (page) => void pages.push(page) })), pages }
}

const cell = (text: string, isHead = false) => ({ text, column_header: isHead })
const REPORT = {
  texts: [
    { label: 'page_header', text: 'Колонтитул', prov: [{ page_no: 1 }] },
    { label: 'title', text: 'Звіт', prov: [{ page_no: 1 }] },
    { label: 'section_header', level: 1, text: 'Витрати', prov: [{ page_no: 1 }] },
    { label: 'list_item', text: 'фарба', prov: [{ page_no: 1 }], enumerated: false, marker: '-' },
    { label: 'text', text: 'Кінець.', prov: [{ page_no: 3 }] },
  ],
  tables: [
    {
      label: 'table',
      prov: [{ page_no: 1 }],
      data: {
        grid: [
          [cell('Місяць', true), cell('Сума', true)],
          [cell('Січень'), cell('1 200')],
        ],
      },
    },
  ],
  groups: [{ label: 'list', children: [{ $ref: '#/texts/3' }] }],
  body: {
    children: ['texts/0', 'texts/1', 'texts/2', 'groups/0', 'tables/0', 'texts/4'].map((name) => ({
      $ref: `#/${name}`,
    })),
  },
  pages: { 1: {}, 2: {}, 3: {} },
}

test('a DoclingDocument as pages with headings, lists, tables', async () => {
  script = { body: JSON.stringify(answer(REPORT)) }
  const { engine, outline, pages, title, total } = await parse()
  expect({ engine, title, total }).toEqual({ engine: 'docling/serve', title: 'Звіт', total: 3 })
  expect(pages.map(({ state }) => state)).toEqual(['read', 'empty', 'read'])
  expect(pages[0]?.markdown).toBe(
    '# Звіт\n\n## Витрати\n\n- фарба\n\n| Місяць | Сума |\n| --- | --- |\n| Січень | 1 200 |',
  )
  expect(pages[0]?.tables).toEqual([
    {
      header: true,
      rows: [
        ['Місяць', 'Сума'],
        ['Січень', '1 200'],
      ],
    },
  ])
  expect(outline).toEqual([
    { title: 'Звіт', level: 1, page: 1 },
    { title: 'Витрати', level: 2, page: 1 },
  ])
  expect(script.seen?.headers['x-api-key']).toBe('word')
  expect(script.seen?.form.get('to_formats')).toBe('json')
})

test('where only a part succeeded, a page without a word has failed', async () => {
  script = { body: JSON.stringify(answer(REPORT, 'partial_success')) }
  expect((await parse()).pages[1]).toMatchObject({ state: 'failed', error: 'page.failed' })
})

test('what it does not read is left to the next parser', async () => {
  script = {}
  const document = { bytes: new Uint8Array([1]), mime: '', name: 'листи.mbox' }
  await expect(parser.parse(document, { onPage: () => {} })).rejects.toMatchObject({ code: 'engine.refused' })
  expect(script.seen).toBeUndefined()
})

test.each([
  [{ status: 503 }, 'engine.refused', true],
  [{ status: 401 }, 'engine.refused', false],
  [{ body: '<html>' }, 'engine.cut', false],
  [{ body: JSON.stringify({ status: 'success', document: { json_content: null } }) }, 'engine.cut', false],
  [{ body: JSON.stringify(answer({}, 'failure')) }, 'engine.refused', false],
])('%j is %s', async (told, code, retryable) => {
  script = told
  const error = await parse().then(
    () => expect.fail('accepted'),
    (cause: unknown) => AppError.from(cause),
  )
  expect(error.code).toBe(code)
  expect(error.kind === 'upstream' || error.kind === 'unavailable').toBe(true)
  if (code === 'engine.refused') expect(error.retryable).toBe(retryable)
})
