import { expect, test } from 'vitest'
import { createPresenceStore, createReporter, type Report } from './presence.ts'

test('knows who is here until they are gone, or the line is', () => {
  const store = createPresenceStore()
  let told = 0
  store.subscribe(() => told++)
  store.note([
    { principal: 'p_1', state: 'here' },
    { principal: 'a_1', state: 'thinking' },
  ])
  expect([store.of('p_1'), store.of('a_1'), store.of('p_2')]).toEqual(['here', 'thinking', 'gone'])
  store.note([{ principal: 'p_1', state: 'gone' }])
  expect(store.of('p_1')).toBe('gone')
  store.forget()
  store.forget()
  expect(store.of('a_1')).toBe('gone')
  expect(told).toBe(3)
})

test('reports each change once, and once a minute; what did not go out is said at the next look', () => {
  let now: Report = { state: 'here', room: null }
  let open = false
  const sent: Report[] = []
  const timers: { ms: number; act: () => void }[] = []
  const reporter = createReporter(
    () => now,
    (report) => open && sent.push(report) > 0,
    (ms, act) => {
      const timer = { ms, act }
      timers.push(timer)
      return () => void timers.splice(timers.indexOf(timer), 1)
    },
  )
  reporter.look()
  expect(sent).toEqual([])
  open = true
  reporter.begin()
  reporter.look()
  expect(sent).toEqual([now])
  now = { state: 'here', room: 'room_1' }
  reporter.look()
  reporter.look()
  expect(sent).toHaveLength(2)
  expect(timers.map(({ ms }) => ms)).toEqual([60_000])
  timers[0]?.act()
  expect(sent).toHaveLength(3)
  reporter.close()
  expect(timers).toEqual([])
})
