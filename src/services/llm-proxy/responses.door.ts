import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Ids } from '../../kernel/ids.ts'
import type { Answer, Ask } from './ask.ts'
import type { Visit } from './door.ts'
import { completionError } from './openai-error.ts'
import { NO_USAGE, type Piece, pieceOf } from './pieces.ts'
import {
  callItem,
  chatOfResponses,
  endOf,
  judgeResponses,
  reasoningItem,
  responseAbout,
  responseUsage,
  textItem,
  textPart,
} from './responses.ts'

/** Answers at `/v1/responses`, made of a chat. Nothing is kept, so `store` is always told as false. */
export const answerResponses =
  (ask: Ask, ids: Pick<Ids, 'make'>, clock: Pick<Clock, 'now'>) =>
  async ({ asker, body, signal, send, stream }: Visit): Promise<void> => {
    const request = judgeResponses(body)
    const answer = await ask({ request: chatOfResponses(request), bytes: null }, asker, signal)
    const about = responseAbout(ids.make('resp'), clock.now(), answer.by.model, request)
    if (answer.kind === 'whole') {
      const { text, reasoning, logprobs, calls, finish, usage } = pieceOf(answer.json)
      const output = [
        ...(reasoning === '' ? [] : [reasoningItem(ids.make('rs'), reasoning, 'completed')]),
        ...(text === '' && calls.length > 0 ? [] : [textItem(ids.make('msg'), text, 'completed', logprobs)]),
        ...calls.map((call) => callItem(ids.make('fc'), call, 'completed')),
      ]
      const whole = { ...about, ...endOf(finish), output, usage: responseUsage(usage ?? NO_USAGE) }
      send(200, JSON.stringify(whole), answer.by)
      return
    }
    const events = stream(answer.by)
    events.onDrain(answer.resume)
    const write = (text: string) => {
      if (!events.write(text)) answer.pause()
    }
    tell(answer, about, ids, write, events.end)
  }

type About = ReturnType<typeof responseAbout>

/** An item of the output while it is being said. */
interface Open {
  readonly index: number
  readonly id: string
  /** A call, or else words said or thought. */
  readonly call: Piece['calls'][number] | null
  readonly isThought: boolean
  readonly logprobs: unknown[]
  said: string
}

function tell(
  answer: Extract<Answer, { kind: 'stream' }>,
  about: About,
  ids: Pick<Ids, 'make'>,
  write: (text: string) => void,
  end: (last: string) => void,
): void {
  let sequence = 0
  let text: Open | null = null
  let thought: Open | null = null
  let finish: string | null = null
  let usage = NO_USAGE
  const calls = new Map<number, Open>()
  const order: Open[] = []
  const event = (type: string, fields: object): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence++, ...fields })}\n\n`
  const begin = (call: Open['call'], isThought = false): Open => {
    const id = ids.make(call ? 'fc' : isThought ? 'rs' : 'msg')
    const item = { index: order.length, id, call, isThought, logprobs: [], said: '' }
    order.push(item)
    return item
  }
  const itemOf = ({ id, call, isThought, logprobs, said }: Open, status: string) => {
    if (call) return callItem(id, { ...call, json: said }, status)
    return isThought ? reasoningItem(id, said, status) : textItem(id, said, status, logprobs)
  }
  const place = ({ index, id }: Open) => ({ item_id: id, output_index: index })

  const told = (piece: Piece): string => {
    const { text: words, reasoning, logprobs, calls: said, finish: stop, usage: used } = piece
    finish = stop ?? finish
    usage = used ?? usage
    let out = ''
    if (reasoning !== '') {
      if (!thought) {
        thought = begin(null, true)
        const item = { ...reasoningItem(thought.id, '', 'in_progress'), content: [] }
        out += event('response.output_item.added', { output_index: thought.index, item })
      }
      thought.said += reasoning
      out += event('response.reasoning_text.delta', { ...place(thought), content_index: 0, delta: reasoning })
    }
    if (words !== '') {
      if (!text) {
        text = begin(null)
        const item = { ...textItem(text.id, '', 'in_progress'), content: [] }
        out += event('response.output_item.added', { output_index: text.index, item })
        out += event('response.content_part.added', { ...place(text), content_index: 0, part: textPart('') })
      }
      text.said += words
      text.logprobs.push(...logprobs)
      out += event('response.output_text.delta', { ...place(text), content_index: 0, delta: words, logprobs })
    }
    for (const call of said) {
      let open = calls.get(call.index)
      if (!open) {
        open = begin(call)
        calls.set(call.index, open)
        const item = callItem(open.id, { ...call, json: '' }, 'in_progress')
        out += event('response.output_item.added', { output_index: open.index, item })
      }
      if (call.json === '') continue
      open.said += call.json
      out += event('response.function_call_arguments.delta', { ...place(open), delta: call.json })
    }
    return out
  }
  const doneOf = (open: Open): string => {
    const { said, call, isThought, logprobs } = open
    const at = { ...place(open), content_index: 0 }
    if (call)
      return event('response.function_call_arguments.done', {
        ...place(open),
        name: call.name ?? '',
        arguments: said,
      })
    if (isThought) return event('response.reasoning_text.done', { ...at, text: said })
    return (
      event('response.output_text.done', { ...at, text: said, logprobs }) +
      event('response.content_part.done', { ...at, part: textPart(said, logprobs) })
    )
  }
  const closed = (open: Open): string => {
    const { index } = open
    return (
      doneOf(open) +
      event('response.output_item.done', { output_index: index, item: itemOf(open, 'completed') })
    )
  }

  const begun = { ...about, status: 'in_progress', output: [], usage: null }
  write(event('response.created', { response: begun }) + event('response.in_progress', { response: begun }))
  answer.read({
    frames({ chunks }) {
      const out = chunks.map((chunk) => told(pieceOf(chunk))).join('')
      if (out !== '') write(out)
    },
    end() {
      const last = order.map(closed).join('')
      const ended = endOf(finish)
      const response = {
        ...about,
        ...ended,
        output: order.map((open) => itemOf(open, 'completed')),
        usage: responseUsage(usage),
      }
      end(last + event(`response.${ended.status}`, { response }))
    },
    fail(failure) {
      const { message, code } = completionError(AppError.from(failure)).body.error
      const response = {
        ...about,
        status: 'failed',
        error: { code, message },
        output: order.map((open) => itemOf(open, 'incomplete')),
        usage: null,
      }
      end(event('response.failed', { response }))
    },
  })
}
