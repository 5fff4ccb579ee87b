import { expect, test } from 'vitest'
import { linesOf, parted } from './readiness.ts'

const since = '2026-11-23T09:45:37.460Z'

test('the worst stands first, and a service without a check of its own has no state', () => {
  const lines = linesOf({
    state: 'degraded',
    services: ['auth', 'knowledge'],
    checks: [
      { name: 'database', state: 'ok', since },
      { name: 'knowledge: embeddings', state: 'degraded', detail: 'Letters only.', since },
      { name: 'kv', state: 'down', since },
    ],
  })
  expect(lines.map(({ what, service, state }) => [what, service, state])).toEqual([
    ['kv', null, 'down'],
    ['embeddings', 'knowledge', 'degraded'],
    ['auth', 'auth', 'none'],
    ['database', null, 'ok'],
  ])
})

test('the command that mends is told apart from the sentence', () => {
  expect(
    parted(
      'The model whisper-base is not installed yet (81 MB). Install it: npm run models -- pull whisper-base',
    ),
  ).toEqual({
    detail: 'The model whisper-base is not installed yet (81 MB). Install it',
    command: 'npm run models -- pull whisper-base',
  })
  expect(parted('0 to hand out, 3 in work')).toEqual({ detail: '0 to hand out, 3 in work', command: null })
  expect(parted('')).toEqual({ detail: null, command: null })
})
