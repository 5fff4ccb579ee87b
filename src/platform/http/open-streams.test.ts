import type { FastifyRequest } from 'fastify'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { handClock } from '../../../test/kit/clock.ts'
import { channel } from '../../kernel/event.ts'
import { createBroadcasts } from '../events/broadcasts.ts'
import { lineLost, lineResumed } from '../events/events.ts'
import { httpError } from './http.errors.ts'
import { openStreams } from './open-streams.ts'

const revoked = channel('test.revoked', z.object({ principal: z.string() }))
const turn = () => new Promise((resolve) => setImmediate(resolve))

test('a stream ends when its reader may no longer come in, by a word of it or without one while words are lost', async () => {
  const clock = handClock()
  const here = createBroadcasts((failure) => expect.fail(String(failure)))
  const good = new Set(['olena', 'taras', 'hanna'])
  let isAway = false
  const streams = openStreams({
    events: here,
    clock,
    revoked,
    async authenticate({ id }) {
      if (isAway) throw new Error('auth is away')
      if (!good.has(id)) throw httpError('auth.bad_credential')
      const principal = { id, kind: 'person', name: id, role: 'resident' } as const
      return { principal, service: null, credential: null }
    },
  })
  // Of a request only what names its sender is asked for.
  const watch = (id: string) => streams.watch(id, { id } as FastifyRequest)
  const [olena, taras, hanna] = [watch('olena'), watch('taras'), watch('hanna')]
  const over = () => [olena, taras, hanna].map(({ signal }) => signal.aborted)

  good.delete('olena')
  here.deliver(revoked.channel, { principal: 'olena' })
  await turn()
  await turn()
  expect(over()).toEqual([true, false, false])

  here.deliver(lineLost.channel, {})
  await turn()
  isAway = true
  good.delete('taras')
  await clock.advance(5_000)
  expect(over()).toEqual([true, false, false])
  isAway = false
  await clock.advance(1_000)
  expect(over()).toEqual([true, true, false])
  // Just after the line stands again, before others are back.
  here.deliver(lineResumed.channel, {})
  await turn()
  good.delete('hanna')
  await clock.advance(1_000)
  expect(over()).toEqual([true, true, true])
  for (const one of [olena, taras, hanna]) one.done()
  streams.stop()
})
