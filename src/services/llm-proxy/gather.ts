import { z } from 'zod'
import type { ChatChunk } from '../../engines/llm/llm.ts'

const Chunk = z.looseObject({
  choices: z.array(
    z.looseObject({
      index: z.number().int().default(0),
      delta: z.looseObject({ content: z.string().nullish(), role: z.string().optional() }).default({}),
      finish_reason: z.string().nullish(),
    }),
  ),
})

interface Choice {
  index: number
  message: Record<string, unknown> & { role: string; content: string }
  finish_reason: string | null
}

/** Makes one `chat.completion` of the chunks of a stream: words are joined, other fields are those that came last. */
export async function gather(chunks: AsyncIterable<ChatChunk>): Promise<Record<string, unknown>> {
  const choices = new Map<number, Choice>()
  let about: Record<string, unknown> = {}
  for await (const raw of chunks) {
    const { choices: some, ...rest } = Chunk.parse(raw)
    about = { ...about, ...rest }
    for (const { index, delta, finish_reason, ...other } of some) {
      const choice = choices.get(index) ?? {
        index,
        message: { role: 'assistant', content: '' },
        finish_reason: null,
      }
      const content = choice.message.content + (delta.content ?? '')
      Object.assign(choice, other)
      Object.assign(choice.message, delta, { role: delta.role ?? choice.message.role, content })
      choice.finish_reason = finish_reason ?? choice.finish_reason
      choices.set(index, choice)
    }
  }
  const whole = [...choices.values()].sort((a, b) => a.index - b.index)
  return { ...about, object: 'chat.completion', choices: whole }
}
