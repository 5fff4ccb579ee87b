import { expect, it } from 'vitest'
import { createTurns } from './turns.ts'

it('work under one key goes one after another, whatever becomes of it, and other keys do not wait', async () => {
  const turns = createTurns()
  const { signal } = new AbortController()
  const order: string[] = []
  let release = () => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const first = turns.run('a', signal, async () => {
    order.push('a1 begins')
    await gate
    order.push('a1 ends')
    throw new Error('broken')
  })
  const second = turns.run('a', signal, async () => void order.push('a2'))
  await turns.run('b', signal, async () => void order.push('b'))
  release()
  await expect(first).rejects.toThrow('broken')
  await second
  expect(order).toEqual(['a1 begins', 'b', 'a1 ends', 'a2'])
})

it('who is gone when the turn comes does nothing', async () => {
  const turns = createTurns()
  const gone = new AbortController()
  const first = turns.run('a', new AbortController().signal, async () => gone.abort(new Error('gone')))
  const second = turns.run('a', gone.signal, async () => 'done')
  await first
  await expect(second).rejects.toThrow('gone')
})
