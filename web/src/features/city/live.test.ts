import { expect, test } from 'vitest'
import { createLive, type Frame, type Line, type Socket } from './live.ts'

/** The other end of the line, turned by hand. */
function setup() {
  const sockets: (Socket & { sent: Frame[]; shut: boolean; closing: boolean })[] = []
  const timers: { ms: number; act: () => void }[] = []
  const frames: Frame[] = []
  const lines: Line[] = []
  const gaps: string[] = []
  const losses: string[] = []
  const live = createLive({
    open: () => {
      const socket = {
        sent: [] as Frame[],
        shut: false,
        onopen: null,
        onmessage: null,
        onclose: null,
        closing: false,
        send(text: string) {
          if (!this.closing) this.sent.push(JSON.parse(text))
          return !this.closing
        },
        close() {
          this.shut = true
        },
      }
      sockets.push(socket)
      return socket
    },
    now: () => 1000,
    random: () => 0.5,
    after: (ms, act) => {
      const timer = { ms, act }
      timers.push(timer)
      return () => {
        const at = timers.indexOf(timer)
        if (at >= 0) timers.splice(at, 1)
      }
    },
    frame: (frame) => frames.push(frame),
    line: (line) => lines.push(line),
    gap: (room) => gaps.push(room),
    lost: (room) => losses.push(room),
  })
  const last = () => {
    const socket = sockets.at(-1)
    if (!socket) throw new Error('no socket was opened')
    return socket
  }
  const say = (frame: Frame) => last().onmessage?.({ data: JSON.stringify(frame) })
  const fire = () =>
    timers.splice(0).forEach(({ act }) => {
      act()
    })
  return { live, sockets, timers, frames, lines, gaps, losses, last, say, fire }
}

test('subscribes when the line is open, after the number last seen', () => {
  const { live, last, lines } = setup()
  live.subscribe({ room: 'room_1', after: 7 })
  expect(last().sent).toEqual([])
  last().onopen?.()
  expect(lines.at(-1)).toEqual({ state: 'open' })
  expect(last().sent).toEqual([{ type: 'subscribe', rooms: [{ room: 'room_1', after: 7 }] }])
})

test('a number comes once, whatever the server repeats', () => {
  const { live, last, say, frames } = setup()
  live.subscribe({ room: 'room_1', after: 0 })
  last().onopen?.()
  for (const seq of [1, 2, 2, 1, 3]) say({ type: 'message', room: 'room_1', seq })
  expect(frames.map(({ seq }) => seq)).toEqual([1, 2, 3])
})

test('comes back after a broken line and resumes where it was', () => {
  const { live, sockets, last, say, fire, timers, lines } = setup()
  live.subscribe({ room: 'room_1', after: 0 })
  last().onopen?.()
  say({ type: 'message', room: 'room_1', seq: 1 })
  last().onclose?.({ code: 1006 })
  expect(lines.at(-1)).toEqual({ state: 'offline', since: 1000 })
  expect(timers.map(({ ms }) => ms)).toEqual([375])
  fire()
  expect(sockets).toHaveLength(2)
  last().onopen?.()
  expect(last().sent).toEqual([{ type: 'subscribe', rooms: [{ room: 'room_1', after: 1 }] }])
})

test('what is sent while the line is closing is not taken for sent', () => {
  const { live, last } = setup()
  last().onopen?.()
  expect(live.send({ type: 'typing' })).toBe(true)
  last().closing = true
  expect(live.send({ type: 'typing' })).toBe(false)
  expect(last().sent).toHaveLength(1)
})

test('waits longer each time, up to a quarter of a minute', () => {
  const { sockets, last, timers, fire } = setup()
  const waits: number[] = []
  for (let i = 0; i < 9; i++) {
    last().onclose?.({ code: 1006 })
    waits.push(timers[0]?.ms ?? 0)
    fire()
  }
  expect(waits.slice(0, 3)).toEqual([375, 750, 1500])
  expect(waits.at(-1)).toBe(11_250)
  expect(sockets).toHaveLength(10)
})

test('a missing number is asked for once, then the room is fetched', () => {
  const { live, last, say, frames, gaps } = setup()
  live.subscribe({ room: 'room_1', after: 0 })
  last().onopen?.()
  say({ type: 'message', room: 'room_1', seq: 3 })
  expect(frames).toEqual([])
  expect(last().sent.at(-1)).toEqual({ type: 'subscribe', room: 'room_1', after: 0 })
  expect(gaps).toEqual([])
  say({ type: 'message', room: 'room_1', seq: 3 })
  expect(gaps).toEqual(['room_1'])
  expect(frames.map(({ seq }) => seq)).toEqual([3])
})

test('a backfill that fills the gap needs no fetch', () => {
  const { live, last, say, frames, gaps } = setup()
  live.subscribe({ room: 'room_1', after: 0 })
  last().onopen?.()
  say({ type: 'message', room: 'room_1', seq: 3 })
  for (const seq of [1, 2, 3]) say({ type: 'message', room: 'room_1', seq })
  say({ type: 'subscribed', room: 'room_1', seq: 3 })
  expect(frames.filter(({ type }) => type === 'message').map(({ seq }) => seq)).toEqual([1, 2, 3])
  expect(gaps).toEqual([])
})

test('a credential that is gone ends it; a slow reader comes back', () => {
  const { last, lines, timers, sockets, fire } = setup()
  last().onopen?.()
  last().onclose?.({ code: 4408 })
  expect(lines.at(-1)?.state).toBe('offline')
  fire()
  expect(sockets).toHaveLength(2)
  last().onclose?.({ code: 4401 })
  expect(lines.at(-1)).toEqual({ state: 'signed-out' })
  expect(timers).toEqual([])
})

test('a line that does not answer after waking is given up', () => {
  const { live, last, sockets, fire, lines, say } = setup()
  live.subscribe({ room: 'room_1', after: 4 })
  last().onopen?.()
  live.wake()
  say({ type: 'subscribed', room: 'room_1', seq: 4 })
  fire()
  expect(sockets).toHaveLength(1)
  live.wake()
  fire()
  expect(last().shut).toBe(true)
  expect(lines.at(-1)?.state).toBe('offline')
  fire()
  expect(sockets).toHaveLength(2)
})

test('unreadable frames and frames without a number pass or vanish, and never throw', () => {
  const { live, last, say, frames } = setup()
  live.subscribe({ room: 'room_1', after: 4 })
  last().onopen?.()
  last().onmessage?.({ data: '{not json' })
  last().onmessage?.({ data: new Uint8Array() })
  say({ type: 'delta', room: 'room_1', run: 'run_1', offset: 0, text: 'a' })
  expect(frames).toHaveLength(1)
})

test('told that too much came in between, it fetches the room and goes on from there', () => {
  const { live, last, say, frames, gaps } = setup()
  live.subscribe({ room: 'room_1', after: 4 })
  last().onopen?.()
  say({ type: 'resync', room: 'room_1', seq: 5000 })
  say({ type: 'message', room: 'room_1', seq: 5001 })
  expect(gaps).toEqual(['room_1'])
  expect(frames.map(({ seq }) => seq)).toEqual([5001])
})

test('many rooms are followed by one frame, and one that is lost is heard of no more', () => {
  const { live, last, say, fire, frames, losses } = setup()
  live.subscribe({ room: 'room_1', after: 1 }, { room: 'room_2', after: 2 })
  last().onopen?.()
  live.subscribe({ room: 'room_2', after: 2 }, { room: 'room_3', after: 3 })
  expect(last().sent).toEqual([
    {
      type: 'subscribe',
      rooms: [
        { room: 'room_1', after: 1 },
        { room: 'room_2', after: 2 },
      ],
    },
    { type: 'subscribe', rooms: [{ room: 'room_3', after: 3 }] },
  ])
  say({ type: 'unsubscribed', room: 'room_2' })
  say({ type: 'unsubscribed', room: 'room_2' })
  say({ type: 'message', room: 'room_2', seq: 3 })
  say({ type: 'unread', room: 'room_1', seq: 0 })
  expect([losses, frames.map(({ type }) => type)]).toEqual([['room_2'], ['unread']])
  last().onclose?.({ code: 1006 })
  fire()
  last().onopen?.()
  expect(last().sent).toEqual([
    {
      type: 'subscribe',
      rooms: [
        { room: 'room_1', after: 1 },
        { room: 'room_3', after: 3 },
      ],
    },
  ])
})
