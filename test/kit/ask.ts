import { expect } from 'vitest'
import { catalogues } from '../../bin/docs.ts'
import { fill, statusOf } from '../../src/kernel/errors.ts'

export interface Asked {
  readonly key?: string
  readonly cookie?: string
  readonly json?: unknown
  readonly body?: NonNullable<RequestInit['body']>
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answer {
  readonly status: number
  readonly text: string
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of a body by expecting it
  readonly body: any
  /** `name=value` of the cookies that were set. */
  readonly cookie: string
}

/** One request as any program makes it, with nothing of ours in between. */
export async function ask(
  url: string,
  line: `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD'} ${string}`,
  { key, cookie, json, body, headers }: Asked = {},
): Promise<Answer> {
  const [method = '', path = ''] = line.split(/ (.*)/s)
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...(cookie !== undefined && { cookie }),
      ...(json !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(json !== undefined && { body: JSON.stringify(json) }),
    ...(body !== undefined && { body, duplex: 'half' }),
    signal: AbortSignal.timeout(60_000),
  })
  const text = await response.text()
  const cookies = response.headers.getSetCookie().map((set) => set.split(';')[0])
  return {
    status: response.status,
    text,
    headers: response.headers,
    body:
      text !== '' && /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : undefined,
    cookie: cookies.join('; '),
  }
}

const known = new Map(await catalogues())

/** What every refusal must be: a 4xx in the one shape (OpenAI's under `/v1`), with a code of the catalogue, in words of both languages. Answers with the code. */
export function refusal({ status, body, text }: Answer, about = ''): string {
  const where = `${about}: ${status} ${text.slice(0, 300)}`
  const { kind, code, message, params = {} } = body?.error?.daarion ?? body?.error ?? {}
  const entry = known.get(code)
  if (!entry) expect.fail(`no code of the catalogue: ${where}`)
  expect(status, where).toBeGreaterThanOrEqual(400)
  expect(status, where).toBeLessThan(500)
  expect(statusOf(entry.kind), where).toBe(status)
  expect(kind, where).toBe(entry.kind)
  expect(fill(entry.en, params), where).toBe(message)
  expect(fill(entry.uk, params), where).not.toMatch(/\{\w+\}/)
  return code
}

export function form(bytes: Uint8Array, name: string, more: Readonly<Record<string, string>> = {}): FormData {
  const data = new FormData()
  for (const [key, value] of Object.entries(more)) data.set(key, value)
  data.set('file', new Blob([new Uint8Array(bytes)]), name)
  return data
}
