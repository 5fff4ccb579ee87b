import { expect, test } from 'vitest'
import { deadline } from '../../kernel/deadline.ts'
import type { ChatChunk, ChatRequest, Llm } from './llm.ts'

/** An engine under test, and ways to make the next answer go wrong. */
export interface LlmUnderTest extends AsyncDisposable {
  readonly llm: Llm
  /** The next answer stops in the middle and says no more. */
  hold?(): void
}

/** One with a server or a script behind it, which can fail. */
export interface FallibleLlm extends LlmUnderTest {
  /** The next answer breaks off in the middle. */
  cut(): void
  /** Every answer from now on is the failure of a server in trouble. */
  break(): void
}

/** What every language model must do, whoever provides it. */
export function llmConformance(name: string, make: () => Promise<LlmUnderTest>): void {
  test(`${name} serves a model by name and says whether it can work`, async () => {
    await using under = await make()
    expect(under.llm.models()[0]?.id).toBeTruthy()
    expect(await under.llm.missing()).toBeNull()
  })

  test(`${name} streams a whole answer and finishes it`, async () => {
    await using under = await make()
    const chunks = await collect(under.llm, asking(under.llm))
    expect(chunks.length).toBeGreaterThan(2)
    expect(textOf(chunks)).toMatch(/\S/)
    for (const chunk of chunks)
      expect(chunk).toMatchObject({ id: expect.any(String), model: expect.any(String) })
    expect(chunks.filter((chunk) => finishOf(chunk) === 'stop')).toHaveLength(1)
  })

  test(`${name} does not begin when told to stop before`, async () => {
    await using under = await make()
    const reason = new DOMException('stop', 'AbortError')
    await expect(collect(under.llm, asking(under.llm), AbortSignal.abort(reason))).rejects.toBe(reason)
  })

  test(`${name} stops in the middle when told`, async () => {
    await using under = await make()
    under.hold?.()
    const stop = new AbortController()
    const reason = new DOMException('stop', 'AbortError')
    const reading = (async () => {
      for await (const chunk of under.llm.chat(asking(under.llm), { signal: stop.signal }))
        if (textOf([chunk]) !== '') stop.abort(reason)
    })()
    await expect(reading).rejects.toBe(reason)
  })
}

/** What one that can fail must do besides. */
export function fallibleConformance(name: string, make: () => Promise<FallibleLlm>): void {
  llmConformance(name, make)

  test(`${name} never gives a broken-off answer as a whole one`, async () => {
    await using under = await make()
    under.cut()
    await expect(collect(under.llm, asking(under.llm))).rejects.toMatchObject({ code: 'engine.cut' })
  })

  test(`${name} says that a server's trouble may pass`, async () => {
    await using under = await make()
    under.break()
    await expect(collect(under.llm, asking(under.llm))).rejects.toMatchObject({
      name: 'AppError',
      retryable: true,
    })
  })
}

const asking = (llm: Llm): ChatRequest => ({
  model: llm.models()[0]?.id ?? '',
  messages: [{ role: 'user', content: 'Where is the key to the garden gate?' }],
  stream: true,
})

export async function collect(
  llm: Llm,
  request: ChatRequest,
  signal = deadline(10_000),
): Promise<ChatChunk[]> {
  const chunks: ChatChunk[] = []
  for await (const chunk of llm.chat(request, { signal })) chunks.push(chunk)
  return chunks
}

interface Choice {
  readonly delta?: { readonly content?: string }
  readonly finish_reason?: string | null
}

// The engines under test promise OpenAI's chunk shape.
const choicesOf = (chunk: ChatChunk) => (chunk.choices ?? []) as readonly Choice[]
const finishOf = (chunk: ChatChunk) => choicesOf(chunk)[0]?.finish_reason

export const textOf = (chunks: readonly ChatChunk[]): string =>
  chunks.map((chunk) => choicesOf(chunk)[0]?.delta?.content ?? '').join('')
