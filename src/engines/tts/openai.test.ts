import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Secret } from '../../kernel/secret.ts'
import { openAiTts } from './openai.ts'
import { ttsConformance } from './tts.conformance.ts'
import { samplesOf, wavOf } from './wav.ts'

interface Asked {
  readonly input: string
  readonly voice: string
  readonly response_format: string
  readonly speed?: number
}

let server: Server
let url = ''
const asked: (Asked & { authorization: string | undefined })[] = []
type Answer = { status?: number; bytes?: Uint8Array }
let answer: (request: Asked) => Answer

const sound = ({ input }: Asked): Answer => ({
  bytes: wavOf(new Uint8Array(input.length * 200), { rate: 24_000, channels: 1, bits: 16 }),
})

beforeAll(async () => {
  answer = sound
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body: Asked = JSON.parse(Buffer.concat(chunks).toString())
      asked.push({ ...body, authorization: request.headers.authorization })
      const { bytes, status = 200 } = answer(body)
      response.writeHead(request.url === '/v1/audio/speech' ? status : 404)
      response.end(bytes)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/v1`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const open = (options = {}) => openAiTts({ url, model: 'tts-1', key: new Secret('k-1'), ...options })

ttsConformance(() => open())

test('sends key, model, voice, format and speed; a voice it does not know is the usual one', async () => {
  const tts = open({ voice: 'marta', voices: ['oles'] })
  const spoken = await tts.speak('Кава.', { voice: 'oles', format: 'wav', speed: 1.25 })
  expect(spoken).toMatchObject({ engine: 'openai/tts-1:oles', quality: 'natural', language: 'uk' })
  expect(asked.at(-1)).toEqual({
    authorization: 'Bearer k-1',
    model: 'tts-1',
    input: 'Кава.',
    voice: 'oles',
    response_format: 'wav',
    speed: 1.25,
  })
  await tts.speak('Кава.', { voice: 'nobody' })
  expect(asked.at(-1)).toMatchObject({ voice: 'marta', response_format: 'mp3' })
})

test('the answer is what its bytes are, not what was asked for', async () => {
  expect(await open().speak('Coffee.', { format: 'mp3' })).toMatchObject({ format: 'wav', mime: 'audio/wav' })
  answer = () => ({ bytes: Buffer.from('{"error": "no"}') })
  await expect(open().speak('Coffee.')).rejects.toMatchObject({ code: 'engine.cut', retryable: true })
  answer = () => ({ status: 429 })
  await expect(open().speak('Coffee.')).rejects.toMatchObject({ code: 'engine.refused', retryable: true })
  answer = sound
})

test('a text longer than one call takes is asked for in pieces and comes as one sound', async () => {
  const before = asked.length
  const text = 'Слово за словом, речення за реченням. '.repeat(250)
  const { bytes, usage } = await open().speak(text, { format: 'wav' })
  const pieces = asked.slice(before)
  expect(pieces.length).toBe(3)
  expect(pieces.every(({ input }) => input.length <= 4096)).toBe(true)
  expect(samplesOf(bytes)?.samples.length).toBe(
    pieces.reduce((sum, { input }) => sum + input.length * 200, 0),
  )
  expect(usage).toEqual({ unit: 'characters', amount: text.trim().length })
})
