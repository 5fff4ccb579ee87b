import { expect, test } from 'vitest'
import { isWay, nextOn } from './walking.ts'

const at = (name: string, x: number, y: number) => ({ name, x, y })
const square = at('square', 500, 500)
const places = [
  square,
  at('north', 510, 300),
  at('far north', 500, 100),
  at('east', 700, 520),
  at('north east', 640, 380),
]

test('arrows lead to the nearest place that way, and nowhere where there is none', () => {
  const go = (way: string) => (isWay(way) ? nextOn(places, square, way)?.name : 'no way')
  expect(go('ArrowUp')).toBe('north')
  expect(go('ArrowRight')).toBe('east')
  expect(go('ArrowDown')).toBeUndefined()
  expect(go('ArrowLeft')).toBeUndefined()
  expect(go('Enter')).toBe('no way')
  expect(nextOn(places, places[1] ?? square, 'ArrowDown')?.name).toBe('square')
  expect(nextOn(places, places[1] ?? square, 'ArrowRight')?.name).toBe('north east')
})
