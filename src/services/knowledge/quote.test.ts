import { describe, expect, it } from 'vitest'
import { findQuote } from './quote.ts'

describe('findQuote', () => {
  const page = 'Перша стаття.\n  «Місто —  це люди», — сказано тут.'

  it('finds a quotation whatever its spaces, case and marks', () => {
    const place = findQuote(page, '"місто - це люди"')
    expect(place && page.slice(place.start, place.end)).toBe('«Місто —  це люди»')
  })

  it('finds nothing that is not there, and nothing in nothing', () => {
    expect(findQuote(page, 'місто це люди')).toBeNull()
    expect(findQuote(page, 'місто — це стіни')).toBeNull()
    expect(findQuote(page, '  ')).toBeNull()
  })
})
