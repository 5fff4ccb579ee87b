import { expect, test } from 'vitest'
import { testDatabase } from '../../../../test/kit/database.ts'
import { mayor, olia, openHouse, person, petro } from '../agents.fixture.ts'

test('what people think of answers is one word each, counted by the prompts that were told, and goes with the words', {
  timeout: 90_000,
}, async () => {
  await using db = await testDatabase()
  await using set = await openHouse({ shared: db })
  const { id: run } = await set.answered()
  await set.client.rate({ run, verdict: 'up' }, { principal: olia })
  await set.client.rate({ run, verdict: 'down', reason: 'The rent is older.' }, { principal: petro })
  expect(await set.client.rate({ run, verdict: 'down' }, { principal: olia })).toMatchObject({
    up: 0,
    down: 2,
    mine: { verdict: 'down', reason: null },
  })
  await set.client.rate({ run, verdict: 'up' }, { principal: olia })
  const stranger = { principal: person('stranger') }
  await expect(set.client.rate({ run, verdict: 'up' }, stranger)).rejects.toMatchObject({
    code: 'agents.run_not_found',
  })
  await expect(set.client.runFeedback({ run }, stranger)).rejects.toMatchObject({ kind: 'not_found' })

  await set.client.setPrompt(
    { agent: 'daarwizz', kind: 'core', text: 'Answer in verse.' },
    { principal: mayor },
  )
  const second = await set.answered()
  await set.client.rate({ run: second.id, verdict: 'up' }, { principal: olia })
  const told = () => set.client.agentFeedback({ agent: 'daarwizz' }, { principal: mayor })
  const { versions, reasons } = await told()
  expect(versions).toHaveLength(2)
  const [newer, older] = versions
  expect(newer).toMatchObject({ up: 1, down: 0 })
  expect(older).toMatchObject({ up: 1, down: 1 })
  expect(newer?.versions.core).toBe((older?.versions.core ?? 0) + 1)
  expect(reasons).toMatchObject([{ run, verdict: 'down', reason: 'The rent is older.' }])
  await expect(set.client.agentFeedback({ agent: 'daarwizz' }, { principal: petro })).rejects.toMatchObject({
    kind: 'forbidden',
  })

  await set.client.rate({ run, verdict: null }, { principal: olia })
  expect(await set.client.runFeedback({ run }, { principal: olia })).toEqual({ up: 0, down: 1, mine: null })
  set.provider.next({ tokens: ['half'], cutAfter: 1 })
  const failed = await set.answered()
  await expect(set.client.rate({ run: failed.id, verdict: 'up' }, { principal: olia })).rejects.toMatchObject(
    { code: 'agents.no_answer_yet' },
  )
})
