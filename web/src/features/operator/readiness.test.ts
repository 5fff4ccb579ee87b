import { expect, test } from 'vitest'
import { linesOf, parted, unmeasured } from './readiness.ts'

const since = '2026-11-23T09:45:37.460Z'

const ready = {
  state: 'degraded' as const,
  services: ['auth', 'knowledge'],
  checks: [
    { name: 'database', state: 'ok' as const, since },
    { name: 'knowledge: embeddings', state: 'degraded' as const, detail: 'Letters only.', since },
    { name: 'kv', state: 'down' as const, since },
  ],
}

test('the worst stands first, each under its service', () => {
  expect(linesOf(ready).map(({ what, service, state }) => [what, service, state])).toEqual([
    ['kv', null, 'down'],
    ['embeddings', 'knowledge', 'degraded'],
    ['database', null, 'ok'],
  ])
})

test('a service that measures nothing is named as such', () => {
  expect(unmeasured(ready)).toEqual(['auth'])
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
