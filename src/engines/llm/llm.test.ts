import { openAiServer } from '../../../test/kit/openai-server.ts'
import { systemClock } from '../../kernel/clock.ts'
import { createIds } from '../../kernel/ids.ts'
import { engineError } from '../engine.errors.ts'
import { fakeLlm } from './fake.ts'
import { librarian } from './librarian.ts'
import { fallibleConformance, llmConformance } from './llm.conformance.ts'
import { openAiCompatible } from './openai-compatible.ts'

const tokens = ['By ', 'the ', 'door.']

fallibleConformance('fake', async () => {
  const { llm, script } = fakeLlm({ turns: [] })
  return {
    llm,
    hold: () => void script.turns?.push({ tokens, holdAfter: 2 }),
    cut: () =>
      void script.turns?.push({
        tokens,
        failAfter: 2,
        failure: engineError('engine.cut', { engine: 'fake' }),
      }),
    break: () => void script.turns?.push({ failure: engineError('engine.unreachable', { engine: 'fake' }) }),
    async [Symbol.asyncDispose]() {},
  }
})

llmConformance('librarian', async () => ({
  llm: librarian({ clock: systemClock, ids: createIds(systemClock) }),
  async [Symbol.asyncDispose]() {},
}))

fallibleConformance('openai-compatible', async () => {
  const server = await openAiServer()
  return {
    llm: openAiCompatible(
      { url: server.url, key: null, model: 'scripted', retryForMs: 50 },
      { clock: systemClock, random: () => 0.5 },
    ),
    hold: () => server.next({ tokens, holdAfter: 2 }),
    cut: () => server.next({ tokens, cutAfter: 2 }),
    break: () => server.always({ status: 503 }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
})
