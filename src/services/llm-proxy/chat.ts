import { ChatRequest } from '../../engines/llm/llm.ts'
import { AppError, kernelError } from '../../kernel/errors.ts'
import type { Answer, Ask } from './ask.ts'
import type { Visit } from './door.ts'
import { completionError } from './openai-error.ts'

const DONE = 'data: [DONE]\n\n'

/** Answers at `/v1/chat/completions`: what the provider gives goes on as it came. */
export const answerChat =
  (ask: Ask) =>
  async ({ asker, body, bytes, signal, send, stream }: Visit): Promise<void> => {
    const answer = await ask({ request: judge(body), bytes }, asker, signal)
    if (answer.kind === 'whole') return send(200, answer.bytes, answer.by)
    const events = stream(answer.by)
    events.onDrain(answer.resume)
    answer.read({
      frames(frames) {
        if (!events.write(frames.bytes)) answer.pause()
      },
      end: () => events.end(DONE),
      // A failure in the middle is an error event, and no `[DONE]` follows it.
      fail: (failure) => events.end(failed(failure)),
    })
  }

/** The same as a `Response`, for callers without a socket. `stop` ends the provider when they leave. */
export function responseOf(answer: Answer, signal: AbortSignal, stop: () => void): Response {
  const by = {
    'x-daarion-model': encodeURI(answer.by.model),
    'x-daarion-provider': encodeURI(answer.by.provider),
  }
  if (answer.kind === 'whole')
    return new Response(new Uint8Array(answer.bytes), {
      headers: { ...by, 'content-type': 'application/json' },
    })
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const close = (last: string) => {
          controller.enqueue(encoder.encode(last))
          controller.close()
        }
        answer.read({
          frames({ bytes }) {
            controller.enqueue(new Uint8Array(bytes))
            if ((controller.desiredSize ?? 0) <= 0) answer.pause()
          },
          end: () => close(DONE),
          fail: (failure) => (signal.aborted ? controller.error(signal.reason) : close(failed(failure))),
        })
      },
      pull: () => answer.resume(),
      cancel: stop,
    },
    { highWaterMark: 4 },
  )
  return new Response(body, { headers: { ...by, 'content-type': 'text/event-stream; charset=utf-8' } })
}

const failed = (failure: unknown): string =>
  `data: ${JSON.stringify(completionError(AppError.from(failure)).body)}\n\n`

/** The request, judged for what we look at ourselves. Throws what a client can act on. */
export function judge(body: unknown): ChatRequest {
  // A plain request is looked at once: the schema copies it twice over.
  if (isPlain(body)) return body
  const parsed = ChatRequest.safeParse(body)
  if (parsed.success) return parsed.data
  const detail = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')
  throw kernelError('input.invalid', { detail }, { cause: parsed.error })
}

function isPlain(body: unknown): body is ChatRequest {
  if (typeof body !== 'object' || body === null || !('model' in body) || !('messages' in body)) return false
  if ('daarion' in body || ('stream' in body && typeof body.stream !== 'boolean')) return false
  const { model, messages } = body
  return (
    typeof model === 'string' &&
    Array.isArray(messages) &&
    messages.length > 0 &&
    messages.every((one) => typeof one === 'object' && one !== null && typeof one.role === 'string')
  )
}
