import type { RawAnswer, ScriptedAnswer } from './openai-server.ts'

/** What a provider of language models may do, and what must come of it. */
export interface ProviderFault {
  readonly name: string
  /** Streamed or whole. Nothing where the fault does not exist so. */
  answer(stream: boolean): ScriptedAnswer | null
  /** What a client must be told: an error, or exactly this. */
  readonly must: 'fail' | Said
  /** What may have been said before an error. */
  readonly before?: string
}

interface Said {
  readonly text: string
  readonly calls?: readonly { readonly name: string; readonly input: unknown }[]
  readonly reasoning?: string
}

const ABOUT = { id: 'chatcmpl-fault', created: 1, model: 'scripted' }
const USAGE = { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 }
const SSE = 'text/event-stream'
const MEGABYTE = 1024 * 1024

const frame = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`
const chunk = (delta: object, more: object = {}): string =>
  frame({
    ...ABOUT,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, finish_reason: null, ...more }],
  })
const finish = (reason = 'stop', usage: unknown = USAGE): string =>
  chunk({}, { finish_reason: reason }) +
  frame({ ...ABOUT, object: 'chat.completion.chunk', choices: [], usage }) +
  'data: [DONE]\n\n'
const whole = (message: object, reason = 'stop', more: object = {}, usage: unknown = USAGE): string =>
  JSON.stringify({
    ...ABOUT,
    object: 'chat.completion',
    choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: reason, ...more }],
    usage,
  })
const raw = (
  type: string | null,
  pieces: Iterable<string | Uint8Array> | RawAnswer['pieces'],
  then: RawAnswer['then'] = 'end',
) => ({ raw: { type, pieces: typeof pieces === 'function' ? pieces : () => pieces, then } })
const json = (text: string) => raw('application/json', [text])
const sse = (...pieces: string[]) => raw(SSE, pieces)

const hello = chunk({ role: 'assistant', content: 'Hel' }) + chunk({ content: 'lo' })
const HELLO: Said = { text: 'Hello' }
const both = (streamed: ScriptedAnswer | null, answered: ScriptedAnswer | null) => (stream: boolean) =>
  stream ? streamed : answered

/** So many megabytes of one line, a megabyte at a time. */
function* gigantic(megabytes: number): Generator<string | Uint8Array> {
  yield 'data: {"choices":[{"index":0,"delta":{"content":"'
  const some = Buffer.alloc(MEGABYTE, 'x')
  for (let n = 0; n < megabytes; n++) yield some
  yield '"}}]}\n\n'
}

function* bytesOf(text: string): Generator<Uint8Array> {
  for (const byte of Buffer.from(text)) yield Uint8Array.of(byte)
}

/** In pieces as providers interleave them: the calls' arguments come in turns. */
const CALLS = [
  { name: 'weather', input: { place: 'Київ' } },
  { name: 'clock', input: { zone: 'EET' } },
]
function interleaved(): string {
  const texts = CALLS.map(({ input }) => JSON.stringify(input))
  const call = (index: number, fields: object) => chunk({ tool_calls: [{ index, ...fields }] })
  const opened = CALLS.map(({ name }, index) =>
    call(index, { id: `call_${index}`, type: 'function', function: { name, arguments: '' } }),
  )
  const half = texts.map((text, index) => call(index, { function: { arguments: text.slice(0, 5) } }))
  const rest = texts.map((text, index) => call(index, { function: { arguments: text.slice(5) } }))
  return [...opened, ...half, ...rest, finish('tool_calls')].join('')
}

const refused = (status: number, retryAfter?: string): ProviderFault => ({
  name: `answers ${status}${retryAfter === undefined ? '' : ' and says when to come back'}`,
  answer: () => ({ status, ...(retryAfter !== undefined && { retryAfter }) }),
  must: 'fail',
})
const wrongUsage = (name: string, usage: unknown): ProviderFault => ({
  name: `counts wrongly: ${name}`,
  answer: both(sse(hello, finish('stop', usage)), json(whole({ content: 'Hello' }, 'stop', {}, usage))),
  must: HELLO,
})

/** Every way in which a provider was seen to misbehave, or could. */
export const PROVIDER_FAULTS: readonly ProviderFault[] = [
  { name: 'resets before it answers', answer: () => raw(null, [], 'reset'), must: 'fail' },
  {
    name: 'resets in the middle',
    answer: both(raw(SSE, [hello], 'reset'), raw('application/json', ['{"choices":[{"mess'], 'reset')),
    must: 'fail',
    before: 'Hello',
  },
  {
    name: 'ends in good order, but in the middle',
    answer: both(sse(hello), json(whole({ content: 'Hello' }).slice(0, -9))),
    must: 'fail',
    before: 'Hello',
  },
  {
    name: 'says [DONE] without a reason, as some servers do',
    answer: both(sse(hello, 'data: [DONE]\n\n'), null),
    must: HELLO,
  },
  { name: 'answers nothing', answer: both(sse(''), json('')), must: 'fail' },
  {
    name: 'sends broken JSON',
    answer: both(sse(hello, 'data: {"choices": [\n\n'), json('{"choices": [')),
    must: 'fail',
    before: 'Hello',
  },
  {
    name: 'sends bytes that are no text',
    answer: both(raw(SSE, [hello, Buffer.from('646174613a20fffe0a0a', 'hex')]), null),
    must: 'fail',
    before: 'Hello',
  },
  { name: 'sends another shape', answer: both(sse(frame([1])), json('{"hello": 1}')), must: 'fail' },
  {
    name: 'has no choice to offer',
    answer: both(sse(frame({ ...ABOUT, choices: 'x' })), json('{"choices": []}')),
    must: 'fail',
  },
  { name: 'sends a page', answer: () => raw('text/html', ['<!doctype html><p>Bad gateway']), must: 'fail' },
  {
    name: 'sends one gigantic frame',
    answer: both(
      raw(SSE, () => gigantic(8)),
      null,
    ),
    must: 'fail',
  },
  {
    name: 'sends a gigantic answer',
    answer: both(
      null,
      raw('application/json', () => gigantic(40)),
    ),
    must: 'fail',
  },
  {
    name: 'sends an error inside the stream',
    answer: both(sse(hello, frame({ error: { message: 'overloaded', code: 503 } })), null),
    must: 'fail',
    before: 'Hello',
  },
  refused(400),
  refused(401),
  refused(408, '1'),
  refused(429, '7'),
  refused(500),
  {
    name: 'drips byte by byte',
    answer: both(
      raw(SSE, () => bytesOf(hello + finish())),
      raw('application/json', () => bytesOf(whole({ content: 'Hello' }))),
    ),
    must: HELLO,
  },
  {
    name: 'ends its lines otherwise, with comments and other fields between',
    answer: both(
      sse(`: ping\r\n\r\nevent: x\r\nid: 1\r\n${hello.replaceAll('\n', '\r\n')}\r\n: ping\r\n`, finish()),
      null,
    ),
    must: HELLO,
  },
  {
    name: 'thinks aloud',
    answer: both(
      sse(chunk({ role: 'assistant', reasoning_content: 'Hm.' }), hello, finish()),
      json(whole({ content: 'Hello', reasoning_content: 'Hm.' })),
    ),
    must: { ...HELLO, reasoning: 'Hm.' },
  },
  {
    name: 'tells likelihoods',
    answer: both(
      sse(
        chunk(
          { role: 'assistant', content: 'Hello' },
          { logprobs: { content: [{ token: 'Hello', logprob: -0.1, top_logprobs: [] }] } },
        ),
        finish(),
      ),
      json(
        whole({ content: 'Hello' }, 'stop', {
          logprobs: { content: [{ token: 'Hello', logprob: -0.1, top_logprobs: [] }] },
        }),
      ),
    ),
    must: HELLO,
  },
  {
    name: 'calls two tools in turns',
    answer: both(
      sse(interleaved()),
      json(
        whole(
          {
            content: null,
            tool_calls: CALLS.map(({ name, input }, index) => ({
              id: `call_${index}`,
              type: 'function',
              function: { name, arguments: JSON.stringify(input) },
            })),
          },
          'tool_calls',
        ),
      ),
    ),
    must: { text: '', calls: CALLS },
  },
  wrongUsage('below nothing', { prompt_tokens: -5, completion_tokens: -1, total_tokens: 0 }),
  wrongUsage('in words', { prompt_tokens: 'many', completion_tokens: null }),
  wrongUsage('not at all', null),
]
