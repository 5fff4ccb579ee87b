import { expect, test } from 'vitest'
import { kernelError } from '../../kernel/errors.ts'
import { createEnrolment } from './enrolment.ts'

test('an agent becomes known to auth also where auth opens later', async () => {
  let away = 2
  const known: string[] = []
  const enrolment = createEnrolment({
    auth: {
      async enrolAgent({ id, name }) {
        if (away-- > 0) throw kernelError('peer.unreachable', { peer: 'auth' })
        known.push(id)
        return { id, name, kind: 'agent', role: 'resident' }
      },
    },
    clock: { now: () => 0, sleep: async () => {} },
  })
  await enrolment.enrol({ id: 'agent_daarwizz', name: 'DAARWIZZ' }, new AbortController().signal)
  expect(enrolment.check()).toMatchObject({ state: 'down', detail: expect.stringContaining('agents') })
  await expect.poll(() => known).toEqual(['agent_daarwizz'])
  expect(enrolment.check()).toEqual({ name: 'auth', state: 'ok' })
})

test('it is not asked for any longer once the service stops', async () => {
  let asked = 0
  const stop = new AbortController()
  const enrolment = createEnrolment({
    auth: {
      enrolAgent: async () => {
        asked += 1
        throw kernelError('peer.unreachable', { peer: 'auth' })
      },
    },
    clock: {
      now: () => 0,
      sleep: async (_ms, signal) => {
        stop.abort()
        signal?.throwIfAborted()
      },
    },
  })
  await enrolment.enrol({ id: 'agent_daarwizz', name: 'DAARWIZZ' }, stop.signal)
  await new Promise((done) => setTimeout(done, 20))
  expect(asked).toBe(1)
})
