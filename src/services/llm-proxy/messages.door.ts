import { AppError } from '../../kernel/errors.ts'
import type { Answer, Ask } from './ask.ts'
import type { Visit } from './door.ts'
import { chatOfMessages, messagesError, stopOf } from './messages.ts'
import { inputOf, NO_USAGE, type Piece, pieceOf, type Usage } from './pieces.ts'

/** Answers at `/v1/messages`, in the shapes of Anthropic's. */
export const answerMessages =
  (ask: Ask, makeId: () => string) =>
  async ({ asker, body, signal, send, stream }: Visit): Promise<void> => {
    const answer = await ask({ request: chatOfMessages(body), bytes: null }, asker, signal)
    const id = makeId()
    if (answer.kind === 'whole') {
      send(200, JSON.stringify(wholeOf(id, answer.by.model, pieceOf(answer.json))), answer.by)
      return
    }
    const events = stream(answer.by)
    events.onDrain(answer.resume)
    tell(
      answer,
      id,
      (text) => {
        if (!events.write(text)) answer.pause()
      },
      events.end,
    )
  }

const usageOf = ({ input, output, cached }: Usage) => ({
  input_tokens: Math.max(0, input - cached),
  output_tokens: output,
  cache_read_input_tokens: cached,
  cache_creation_input_tokens: 0,
})

function wholeOf(id: string, model: string, { text, reasoning, calls, finish, usage }: Piece): object {
  return {
    ...opening(id, model),
    content: [
      ...(reasoning === '' ? [] : [{ type: 'thinking', thinking: reasoning, signature: '' }]),
      ...(text === '' ? [] : [{ type: 'text', text }]),
      ...calls.map((call) => ({ type: 'tool_use', id: call.id, name: call.name, input: inputOf(call.json) })),
    ],
    stop_reason: stopOf(finish),
    usage: usageOf(usage ?? NO_USAGE),
  }
}

const opening = (id: string, model: string) => ({
  id,
  type: 'message',
  role: 'assistant',
  model,
  content: [],
  stop_reason: null as string | null,
  stop_sequence: null,
  usage: usageOf(NO_USAGE),
})

const event = (type: string, fields: object): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`

/** Turns chunks into blocks: one for the thoughts, one for the words, one for each call; a block ends where the next begins. Providers call several tools in turns and blocks follow each other, so the first call is told as it comes, and what comes beside it waits for its end. */
function tell(
  answer: Extract<Answer, { kind: 'stream' }>,
  id: string,
  write: (text: string) => void,
  end: (last: string) => void,
): void {
  let index = -1
  let open: string | null = null
  let finish: string | null = null
  let usage = NO_USAGE
  const close = () => (open === null ? '' : event('content_block_stop', { index }))
  const begin = (block: string, content_block: object): string => {
    if (open === block) return ''
    const closed = close()
    open = block
    index += 1
    return closed + event('content_block_start', { index, content_block })
  }
  let live: number | null = null
  let words = ''
  const waiting = new Map<number, { id: string | undefined; name: string | undefined; json: string }>()
  const delta = (said: object) => event('content_block_delta', { index, delta: said })
  const spoken = (text: string) =>
    begin('text', { type: 'text', text: '' }) + delta({ type: 'text_delta', text })
  const calling = ({ index: call, id, name, json }: Piece['calls'][number]) =>
    begin(`call ${call}`, { type: 'tool_use', id, name, input: {} }) +
    (json === '' ? '' : delta({ type: 'input_json_delta', partial_json: json }))
  const waited = () =>
    [...waiting]
      .map(([call, { id = '', name = '', json }]) => calling({ index: call, id, name, json }))
      .join('') + (words === '' ? '' : spoken(words))
  const told = (piece: Piece): string => {
    let out = ''
    // Thoughts in the middle of a call would end it.
    if (piece.reasoning !== '' && live === null)
      out +=
        begin('thinking', { type: 'thinking', thinking: '', signature: '' }) +
        delta({ type: 'thinking_delta', thinking: piece.reasoning })
    if (piece.text !== '')
      if (live === null) out += spoken(piece.text)
      else words += piece.text
    for (const call of piece.calls) {
      live ??= call.index
      if (call.index === live) {
        out += calling(call)
        continue
      }
      const known = waiting.get(call.index) ?? { id: call.id, name: call.name, json: '' }
      waiting.set(call.index, { ...known, json: known.json + call.json })
    }
    finish = piece.finish ?? finish
    usage = piece.usage ?? usage
    return out
  }
  write(event('message_start', { message: opening(id, answer.by.model) }))
  answer.read({
    frames({ chunks }) {
      const text = chunks.map((chunk) => told(pieceOf(chunk))).join('')
      if (text !== '') write(text)
    },
    end: () =>
      end(
        waited() +
          close() +
          event('message_delta', {
            delta: { stop_reason: stopOf(finish), stop_sequence: null },
            usage: usageOf(usage),
          }) +
          event('message_stop', {}),
      ),
    fail: (failure) =>
      end(`event: error\ndata: ${JSON.stringify(messagesError(AppError.from(failure)).body)}\n\n`),
  })
}
