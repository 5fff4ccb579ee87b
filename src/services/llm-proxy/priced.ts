import type { ChatChunk } from '../../engines/llm/llm.ts'
import type { FrameSink, Frames } from '../../engines/llm/wire.ts'
import type { Answer, Ask } from './ask.ts'
import { costOf, isObject, NANO } from './facts.ts'
import type { Models, Target } from './models.ts'

/** Tells the city's own services what an answer cost: `usage.cost` in US dollars, by the prices of the file, in a whole answer and in the chunk of a stream that carries its usage. What a provider says of its cost stays where the file has no price. */
export function pricedAsk(ask: Ask, models: () => Models): Ask {
  const withPrice: Ask = async (asked, asker, signal) => {
    const answer = await ask(asked, asker, signal)
    const target = models().targets.get(answer.by.model)
    return target?.settings.price ? priced(answer, target) : answer
  }
  return (asked, asker, signal) => (asker.isService ? withPrice : ask)(asked, asker, signal)
}

function priced(answer: Answer, target: Target): Answer {
  if (answer.kind === 'whole') {
    const json = withCost(answer.json, target)
    return json === answer.json ? answer : { ...answer, json, bytes: Buffer.from(JSON.stringify(json)) }
  }
  return {
    ...answer,
    pause: answer.pause,
    resume: answer.resume,
    read: (sink: FrameSink) =>
      answer.read({
        frames: (frames) => sink.frames(pricedFrames(frames, target)),
        end: () => sink.end(),
        fail: (failure) => sink.fail(failure),
      }),
  }
}

function pricedFrames(frames: Frames, target: Target): Frames {
  if (!frames.chunks.some(({ usage }) => isObject(usage))) return frames
  const chunks = frames.chunks.map((chunk) => withCost(chunk, target))
  return { chunks, bytes: Buffer.from(chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('')) }
}

function withCost<T extends ChatChunk>(said: T, target: Target): T {
  const { usage } = said
  if (!isObject(usage)) return said
  const details = usage.prompt_tokens_details
  const used = {
    tokensIn: count(usage.prompt_tokens),
    tokensOut: count(usage.completion_tokens),
    cached: isObject(details) ? count(details.cached_tokens) : 0,
  }
  return { ...said, usage: { ...usage, cost: costOf(target, used) / NANO } }
}

const count = (value: unknown): number =>
  typeof value === 'number' && Number.isFinite(value) && value > 0 ? Math.round(value) : 0
