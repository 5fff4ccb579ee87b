import { expect, test } from 'vitest'
import { handClock } from '../../../test/kit/clock.ts'
import { eventually } from '../../../test/kit/eventually.ts'
import { createBroadcasts } from './broadcasts.ts'
import { lineLost, lineResumed } from './events.ts'
import { duringOutages, listenForSilence, watchOutage } from './outage.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('while broadcasts may be lost it is looked again and again, a while after too, and not otherwise', async () => {
  const clock = handClock()
  const here = createBroadcasts((failure) => expect.fail(String(failure)))
  let looks = 0
  const outage = watchOutage(here, clock)
  const stop = duringOutages(here, clock, async () => {
    looks++
    if (looks === 2) throw new Error('nobody could be asked')
  })
  await clock.advance(10_000)
  expect([looks, outage.isOn]).toEqual([0, false])

  here.deliver(lineLost.channel, {})
  await turn()
  await clock.advance(9_000)
  expect([looks, outage.isOn]).toEqual([11, true])
  here.deliver(lineResumed.channel, {})
  await turn()
  expect(outage.isOn).toBe(true)
  await clock.advance(10_000)
  expect(outage.isOn).toBe(false)
  const all = looks
  expect(all).toBeGreaterThan(15)
  await clock.advance(10_000)
  expect(looks).toBe(all)

  here.deliver(lineLost.channel, {})
  await turn()
  stop()
  await clock.advance(10_000)
  expect(looks).toBe(all + 1)
})

test('a line that neither answers nor breaks is told of, and told well when it answers', async () => {
  const told: boolean[] = []
  const stopped = new AbortController()
  let answer = (): void => undefined
  let isFrozen = false
  const ask = () =>
    isFrozen
      ? new Promise<void>((resolve) => {
          answer = resolve
        })
      : Promise.resolve()
  const listening = listenForSilence(ask, (isSilent) => told.push(isSilent), stopped.signal)
  isFrozen = true
  await eventually(() => expect(told).toEqual([true]), 30_000)
  isFrozen = false
  answer()
  await eventually(() => expect(told).toEqual([true, false]), 30_000)
  stopped.abort()
  await listening
})
