import type { ChatChunk, ChatRequest, Llm } from './llm.ts'

/** What a fake does with its next request. */
export interface FakeTurn {
  readonly tokens?: readonly string[]
  /** Thrown after so many tokens as `failAfter` says; at once where it says nothing. */
  readonly failure?: Error
  readonly failAfter?: number
  /** Says so many tokens and then waits for the signal. */
  readonly holdAfter?: number
}

/** Answers from a script and records every call, so that tests assert on attempts rather than guess them. */
export function fakeLlm(script: { readonly name?: string; turns?: FakeTurn[]; missing?: Error } = {}) {
  const name = script.name ?? 'fake'
  const calls: { readonly request: ChatRequest; aborted: boolean }[] = []
  const llm: Llm = {
    name,
    models: () => [{ id: name, ownedBy: 'daarion' }],
    missing: async () => script.missing ?? null,
    async *chat(request, { signal }) {
      const call = { request, aborted: false }
      calls.push(call)
      signal.addEventListener('abort', () => {
        call.aborted = true
      })
      signal.throwIfAborted()
      const {
        tokens = ['A ', 'fake ', 'answer.'],
        failure,
        failAfter = 0,
        holdAfter,
      } = script.turns?.shift() ?? {}
      for (const [n, content] of tokens.entries()) {
        if (failure && n === failAfter) throw failure
        if (n === holdAfter) await aborted(signal)
        signal.throwIfAborted()
        yield chunk(name, { content }, null)
      }
      if (failure && failAfter >= tokens.length) throw failure
      if (holdAfter === tokens.length) await aborted(signal)
      yield chunk(name, {}, 'stop')
    },
  }
  return { llm, calls, script }
}

const chunk = (model: string, delta: object, finish_reason: string | null): ChatChunk => ({
  id: 'chatcmpl-fake',
  object: 'chat.completion.chunk',
  created: 0,
  model,
  choices: [{ index: 0, delta, finish_reason }],
})

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
