import { describe, expect, it } from 'vitest'
import { freeAt, nextTime } from './quiet.ts'

const night = { from: '22:00', to: '07:00', zone: 'Europe/Kyiv' }
const at = (iso: string) => Date.parse(iso)
const free = (iso: string, quiet = night, doNotDisturbUntil: number | null = null) =>
  new Date(freeAt({ quiet, doNotDisturbUntil }, at(iso))).toISOString()

describe('when somebody may be disturbed', () => {
  it('is now by day, and in the morning of their own zone by night', () => {
    expect(free('2026-05-01T12:00:30Z')).toBe('2026-05-01T12:00:30.000Z')
    expect(free('2026-05-01T19:00:00Z')).toBe('2026-05-02T04:00:00.000Z')
    expect(free('2026-05-02T03:59:59Z')).toBe('2026-05-02T04:00:00.000Z')
    expect(free('2026-05-02T04:00:00Z')).toBe('2026-05-02T04:00:00.000Z')
    expect(free('2026-05-01T10:00:00Z', { from: '12:30', to: '14:00', zone: 'Europe/Kyiv' })).toBe(
      '2026-05-01T11:00:00.000Z',
    )
  })

  it('is after both what they asked for and the quiet hours that it ends in', () => {
    expect(free('2026-05-01T12:00:00Z', night, at('2026-05-01T15:00:00Z'))).toBe('2026-05-01T15:00:00.000Z')
    expect(free('2026-05-01T12:00:00Z', night, at('2026-05-01T23:00:00Z'))).toBe('2026-05-02T04:00:00.000Z')
    expect(free('2026-05-01T12:00:00Z', night, at('2026-04-01T00:00:00Z'))).toBe('2026-05-01T12:00:00.000Z')
  })

  it('keeps to the clocks on the wall in the nights when they are changed', () => {
    // Kyiv: forward on 29 March 2026 at 01:00 UTC, back on 25 October at 01:00 UTC.
    expect(free('2026-03-28T21:00:00Z')).toBe('2026-03-29T04:00:00.000Z')
    expect(free('2026-10-24T21:00:00Z')).toBe('2026-10-25T05:00:00.000Z')
  })

  it('is never for no time, and a time of day comes again tomorrow', () => {
    expect(free('2026-05-01T19:00:00Z', { ...night, to: '22:00' })).toBe('2026-05-01T19:00:00.000Z')
    expect(new Date(nextTime('08:00', 'UTC', at('2026-05-01T08:00:00Z'))).toISOString()).toBe(
      '2026-05-02T08:00:00.000Z',
    )
  })
})
