import { expect, test } from 'vitest'
import { faultsOf, strengthOf } from './account-form.ts'

const olena = { name: 'Олена Гнатюк', email: 'olena@nadrichchia.ua', password: 'тиха вода греблю рве' }

test('a whole account has no faults', () => {
  expect(faultsOf(olena)).toEqual({})
})

test('each field says its own fault', () => {
  expect(faultsOf({ name: ' ', email: '', password: 'дев’ять99' })).toEqual({
    name: 'nameMissing',
    email: 'emailMissing',
    password: 'passwordShort',
  })
  for (const email of ['olena', 'olena@', 'olena@city', 'o lena@city.ua'])
    expect(faultsOf({ ...olena, email }), email).toEqual({ email: 'emailWrong' })
  expect(faultsOf({ ...olena, password: 'а'.repeat(257) })).toEqual({ password: 'passwordLong' })
})

test('a password is judged by what it is made of', () => {
  const of = (password: string) => strengthOf({ ...olena, password })
  expect(of('')).toBe('empty')
  expect(of('коротко')).toBe('short')
  expect(of('гнатюк2026')).toBe('own')
  expect(of('olena12345')).toBe('own')
  expect(of('1111111111')).toBe('repeats')
  expect(of('2026112394')).toBe('digits')
  expect(of('чайка-біля')).toBe('fair')
  expect(of(olena.password)).toBe('long')
})
