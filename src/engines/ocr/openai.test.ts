import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { AppError } from '../../kernel/errors.ts'
import { Secret } from '../../kernel/secret.ts'
import { OcrText } from './ocr.ts'
import { openAiOcr } from './openai.ts'

const Asked = z.object({
  model: z.string(),
  messages: z.array(z.object({ role: z.string(), content: z.unknown() })),
})
let answer: { readonly status: number; readonly body: unknown }
let asked: z.infer<typeof Asked> | undefined
let authorization: string | undefined

/** A server of OpenAI's shape that says what it is told. */
const server = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    authorization = request.headers.authorization
    asked = Asked.parse(JSON.parse(Buffer.concat(parts).toString()))
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body))
  })
})
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
afterAll(() => new Promise((resolve) => server.close(resolve)))

const saying = (content: string | null, finish_reason = 'stop') => ({
  status: 200,
  body: { choices: [{ message: { content }, finish_reason }] },
})
const ocr = () =>
  openAiOcr({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    key: new Secret('k-1'),
    model: 'seer',
  })
const IMAGE = { bytes: Uint8Array.from([1, 2, 3]), mime: 'image/png' }
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'nothing failed',
    (cause: unknown) => AppError.from(cause).code,
  )

test('a model that sees copies the text, says that it knows no places, and is sent the picture alone', async () => {
  answer = saying('```\nПлоща Ринок\n\n№ 12\n```')
  const read = OcrText.parse(await ocr().read(IMAGE, { languages: ['uk'] }))
  expect(read).toEqual({ text: 'Площа Ринок\n\n№ 12', confidence: 0.5, engine: 'openai/seer', words: [] })
  expect(ocr().places).toBe(false)
  expect(authorization).toBe('Bearer k-1')
  expect(asked?.model).toBe('seer')
  expect(JSON.stringify(asked?.messages.at(-1)?.content)).toContain('data:image/png;base64,AQID')
  expect(JSON.stringify(asked?.messages)).toContain('Ukrainian')
})

test('nothing written is no text and not the words that say so', async () => {
  answer = saying('[no text]')
  expect(await ocr().read(IMAGE)).toMatchObject({ text: '', confidence: 0, words: [] })
})

test('half an answer, none, and a refusal are failures', async () => {
  answer = saying('Площа', 'length')
  expect(await codeOf(ocr().read(IMAGE))).toBe('engine.cut')
  answer = saying(null)
  expect(await codeOf(ocr().read(IMAGE))).toBe('engine.cut')
  answer = { status: 429, body: {} }
  expect(await codeOf(ocr().read(IMAGE))).toBe('engine.refused')
  expect(await codeOf(ocr().read({ bytes: new Uint8Array(), mime: 'image/png' }))).toBe('file.empty')
  expect(await codeOf(ocr().read(IMAGE, { signal: AbortSignal.abort() }))).toBe('call.cancelled')
})
