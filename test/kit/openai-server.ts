import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

/** What the next request is answered with. */
export interface ScriptedAnswer {
  /** The tokens of the answer; the request's last words where nothing is said. */
  readonly tokens?: readonly string[]
  /** Tools to call after the tokens, of which there are none then where nothing is said. */
  readonly calls?: readonly { readonly name: string; readonly input: unknown }[]
  readonly delayMs?: number
  /** Ends the connection after so many tokens, as a provider that dies does. */
  readonly cutAfter?: number
  /** Ends the body in good order after so many tokens, but without its end. */
  readonly stopAfter?: number
  /** Sends so many tokens and then nothing, until `release` is called or the client leaves. */
  readonly holdAfter?: number
  /** Sends something that is no JSON after so many tokens. */
  readonly malformedAfter?: number
  /** Sends an error event after so many tokens. */
  readonly errorAfter?: number
  /** Answers with an error instead. */
  readonly status?: number
  readonly retryAfter?: string
  /** Never answers at all. */
  readonly hang?: boolean
  /** Leaves `[DONE]` out, as some servers do. */
  readonly noDone?: boolean
  /** Fields to add to every chunk and answer. */
  readonly extra?: Readonly<Record<string, unknown>>
  /** What it says to have counted, instead of what it did. */
  readonly usage?: Readonly<Record<string, number>>
  /** Sends exactly this instead, piece by piece, whatever is asked. `test/kit/provider-faults.ts` has such answers. */
  readonly raw?: RawAnswer
}

export interface RawAnswer {
  /** No status line is sent where this is null. */
  readonly type: string | null
  /** Each is on the wire before the next is taken. */
  readonly pieces: () => Iterable<string | Uint8Array>
  /** Ends the body in good order, or breaks the connection. */
  readonly then: 'end' | 'reset'
}

interface ScriptedRequest {
  readonly method: string
  readonly path: string
  readonly authorization: string | undefined
  readonly body: Readonly<Record<string, unknown>>
  /** Resolves when the connection is over: true where the client left before the answer was whole. */
  readonly left: Promise<boolean>
}

/** An OpenAI-shaped HTTP server on a free port that answers by script: chat completions, streamed or not, and models. It records what it was asked. */
export async function openAiServer(options: { readonly key?: string; readonly model?: string } = {}) {
  const scripts: ScriptedAnswer[] = []
  const requests: ScriptedRequest[] = []
  const held = new Set<() => void>()
  let fallback: ScriptedAnswer = {}
  let answering: ((body: Readonly<Record<string, unknown>>) => ScriptedAnswer | undefined) | undefined
  let sent = 0

  const chat = async (request: IncomingMessage, response: ServerResponse) => {
    const text = await bodyOf(request)
    const body: Record<string, unknown> = text === '' ? {} : JSON.parse(text)
    requests.push({
      method: request.method ?? '',
      path: request.url ?? '',
      authorization: request.headers.authorization,
      body,
      left: once(response, 'close').then(() => !response.writableFinished),
    })
    if (options.key && request.headers.authorization !== `Bearer ${options.key}`)
      return refuse(response, 401, `Incorrect API key provided: ${request.headers.authorization}`)
    if (request.url?.endsWith('/models'))
      return json(response, 200, {
        object: 'list',
        data: [{ id: options.model ?? 'scripted', object: 'model' }],
      })
    const script = scripts.shift() ?? answering?.(body) ?? fallback
    const release = () => new Promise<void>((resolve) => held.add(resolve))
    if (script.hang) return
    if (script.status) {
      if (script.retryAfter) response.setHeader('retry-after', script.retryAfter)
      return refuse(response, script.status, 'scripted refusal')
    }
    if (script.raw) return await sendRaw(response, script.raw)
    const tokens = script.tokens ?? (script.calls ? [] : lastWords(body))
    const calls = script.calls?.map(({ name, input }, index) => {
      const given = typeof input === 'string' ? input : JSON.stringify(input)
      return { index, id: `call_${index}`, type: 'function', function: { name, arguments: given } }
    })
    const reason = calls ? 'tool_calls' : 'stop'
    const about = { id: 'chatcmpl-scripted', created: 1, model: String(body.model), ...script.extra }
    const counted = { prompt_tokens: 7, completion_tokens: tokens.length, total_tokens: 7 + tokens.length }
    const usage = script.usage ?? counted
    if (body.stream !== true) {
      const message = { role: 'assistant', content: tokens.join(''), ...(calls && { tool_calls: calls }) }
      const choices = [{ index: 0, message, finish_reason: reason }]
      return json(response, 200, { ...about, object: 'chat.completion', choices, usage })
    }
    // Each chunk is on the wire before the next step of the script.
    const chunk = (choices: unknown[], more = {}) =>
      new Promise((resolve) =>
        response.write(
          `data: ${JSON.stringify({ ...about, object: 'chat.completion.chunk', choices, ...more })}\n\n`,
          resolve,
        ),
      )
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.flushHeaders()
    for (let n = 0; n <= tokens.length; n++) {
      if (script.holdAfter === n) await release()
      if (response.closed) return
      if (script.cutAfter === n) return response.socket?.destroy()
      if (script.stopAfter === n) return response.end()
      if (script.malformedAfter === n) response.write('data: {"choices": [\n\n')
      if (script.errorAfter === n)
        return response.end('data: {"error":{"message":"overloaded","type":"server_error","code":503}}\n\n')
      if (n === tokens.length) break
      if (script.delayMs) await pause(script.delayMs)
      const delta = { ...(n === 0 && { role: 'assistant' }), content: tokens[n] }
      await chunk([{ index: 0, delta, finish_reason: null }])
      sent++
    }
    if (calls) await chunk([{ index: 0, delta: { tool_calls: calls }, finish_reason: null }])
    await chunk([{ index: 0, delta: {}, finish_reason: reason }])
    const asked = body.stream_options as { include_usage?: boolean } | undefined
    if (asked?.include_usage) await chunk([], { usage })
    if (!script.noDone) response.write('data: [DONE]\n\n')
    response.end()
  }

  const server = createServer((request, response) => {
    chat(request, response).catch((failure: unknown) => response.destroy(failure as Error))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The scripted server has no port')

  return {
    /** The base URL, as LLM_URL takes it. */
    url: `http://127.0.0.1:${address.port}/v1`,
    requests,
    /** How many tokens it has streamed so far. */
    sent: () => sent,
    /** Answers the next requests, in order; after them the fallback. */
    next: (...answers: readonly ScriptedAnswer[]) => void scripts.push(...answers),
    always(answer: ScriptedAnswer) {
      fallback = answer
    },
    /** Answers by what is asked, where no answer is scripted for the next request. */
    by(answer: (body: Readonly<Record<string, unknown>>) => ScriptedAnswer | undefined) {
      answering = answer
    },
    /** Lets every held answer go on. */
    release() {
      for (const go of held) go()
      held.clear()
    },
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      for (const go of held) go()
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of request.setEncoding('utf8')) text += part
  return text
}

async function sendRaw(response: ServerResponse, { type, pieces, then }: RawAnswer): Promise<void> {
  if (type !== null) {
    response.writeHead(200, { 'content-type': type })
    response.flushHeaders()
  }
  for (const piece of pieces()) {
    if (response.closed) return
    await new Promise((resolve) => response.write(piece, resolve))
  }
  if (then === 'end') response.end()
  else response.socket?.resetAndDestroy()
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

const refuse = (response: ServerResponse, status: number, message: string) =>
  json(response, status, { error: { message, type: 'scripted_error', code: 'scripted', param: null } })

/** Words to say back, so that an answer shows what was asked. */
function lastWords(body: Readonly<Record<string, unknown>>): string[] {
  const messages = Array.isArray(body.messages) ? body.messages : []
  const last: unknown = messages.at(-1)?.content
  return (typeof last === 'string' ? last : 'hello').match(/\s*\S+/g) ?? []
}
