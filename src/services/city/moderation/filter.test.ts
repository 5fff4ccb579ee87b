import { describe, expect, it } from 'vitest'
import type { FilterRule } from '../moderation.contract.ts'
import { CITY_LIMITS, createFilter, ROOM_LIMITS } from './filter.ts'

const words = (value: string, action: FilterRule['action'] = 'refuse'): FilterRule => ({
  kind: 'words',
  value,
  action,
})
const expression = (value: string, action: FilterRule['action'] = 'refuse'): FilterRule => ({
  kind: 'expression',
  value,
  action,
})
const refusal = (rules: readonly FilterRule[]) =>
  createFilter(rules, ROOM_LIMITS).then(
    () => null,
    (cause: unknown) => cause,
  )

describe('a filter', () => {
  it.each([
    ['казино', 'Найкраще КАЗИНО міста!'],
    ['кредит', 'беріть кредити без довідок'],
    ['кредит', 'кредитом задоволені'],
    ['лотерея', 'беріть лотерею'],
    ['дурень', 'двох дурнів'],
    ['casino', 'two CASINOS opened'],
    // With Latin letters in a Cyrillic word, and wholly of them.
    ['казино', 'кaзинo'],
    ['хата', 'xата'],
    ['сосна', 'c\u200Bо\u00ADсна'],
    ['швидкий кредит', 'маємо швидкі кредити'],
  ])('finds «%s» in «%s»', async (value, text) => {
    const filter = await createFilter([words(value)], ROOM_LIMITS)
    expect(filter.look(text)).toBe('refuse')
  })

  it.each([
    ['кат', 'катер'],
    ['швидкий кредит', 'кредит буде швидкий'],
    ['casino', 'the case is closed'],
  ])('does not find «%s» in «%s»', async (value, text) => {
    const filter = await createFilter([words(value)], ROOM_LIMITS)
    expect(filter.look(text)).toBeNull()
  })

  it('takes the strictest of what matches', async () => {
    const filter = await createFilter([words('а1', 'report'), expression('b+2', 'hold')], CITY_LIMITS)
    expect(filter.look('а1')).toBe('report')
    expect(filter.look('а1 BBB2')).toBe('hold')
    expect(filter.look('нічого')).toBeNull()
  })

  it('says which expression is wrong, and where', async () => {
    expect(await refusal([words('так'), expression('a[b')])).toMatchObject({
      code: 'city.expression_invalid',
      params: { index: 2, at: 2, piece: '[b' },
    })
    expect(await refusal([expression('ok(?=x)')])).toMatchObject({
      params: { index: 1, at: 3, piece: '(?=' },
    })
    expect(await refusal([words('!!!')])).toMatchObject({ code: 'city.rule_empty' })
  })

  it('is bounded in number and in what it costs', async () => {
    expect(await refusal(Array.from({ length: 101 }, (_, i) => words(`слово${i}`)))).toMatchObject({
      code: 'city.too_many_rules',
    })
    expect(await refusal(Array.from({ length: 11 }, (_, i) => expression(`a${i}`)))).toMatchObject({
      code: 'city.too_many_rules',
    })
    expect(await refusal([expression('(a{100}){10}')])).toMatchObject({ code: 'city.rules_costly' })
  })

  it('does not run away on what spoils other engines', async () => {
    const filter = await createFilter([expression('(x+x+)+y')], ROOM_LIMITS)
    const started = performance.now()
    expect(filter.look('x'.repeat(20_000))).toBeNull()
    expect(performance.now() - started).toBeLessThan(2_000)
  })
})
