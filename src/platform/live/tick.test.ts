import { expect, test } from 'vitest'
import { createTick, type Join, type Writer } from './tick.ts'
import { frame, textsOf, together } from './wire.ts'

test('each is written to once a tick, in order, and the same frames are the same bytes for all', async () => {
  const tick = createTick({ now: () => 0 })
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  const written: Buffer[] = []
  const writer = (...frames: Buffer[]): Writer => ({
    flush: (join: Join) => void written.push(join(frames)),
  })
  const [one, two] = [frame({ n: 1 }), frame({ n: 2 })]
  for (const each of [writer(one, two), writer(one, two), writer(two, one), writer(one)]) tick.wait(each)
  expect(written).toEqual([])
  await turn()
  // As long as more comes it waits, but not for ever.
  tick.more()
  await turn()
  expect(written).toEqual([])
  await turn()
  const both = Buffer.concat([one, two])
  expect(written).toEqual([both, both, Buffer.concat([two, one]), one])
  expect(written[0]).toBe(written[1])
  expect(written[3]).toBe(one)

  tick.wait(writer(one))
  let turns = 0
  for (; written.length < 5 && turns < 100; turns++) {
    tick.more()
    await turn()
  }
  expect(turns).toBeLessThan(10)
})

test.each([0, 110, 125, 126, 200, 65_535, 65_536, 100_000])(
  'a frame of %i characters says what was put in',
  (length) => {
    expect(textsOf(frame('ї'.repeat(length)))).toEqual([JSON.stringify('ї'.repeat(length))])
    const twice = together([frame('a'.repeat(length)), frame('b')])
    expect(textsOf(twice)).toEqual([JSON.stringify('a'.repeat(length)), '"b"'])
  },
)
