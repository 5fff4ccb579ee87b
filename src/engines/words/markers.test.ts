import { expect, it } from 'vitest'
import { settleMarkers } from './markers.ts'

it('keeps markers of known sources, takes out the others, and says what stood before', () => {
  const { text, used } = settleMarkers('Сад є. Вода тече [1, 9]. Зима [7] тепла [2].', new Set([1, 2]))
  expect(text).toBe('Сад є. Вода тече [1]. Зима тепла [2].')
  expect([...used]).toEqual([
    [1, 'Вода тече'],
    [2, 'Зима [7] тепла'],
  ])
})

it('leaves code and links as they are', () => {
  const answer = 'Так: `list[3]` і [3](https://example.org)\n```js\na[4] = b[5]\n```\n[1]'
  const { text, used } = settleMarkers(answer, new Set([1]))
  expect(text).toBe(answer)
  expect([...used.keys()]).toEqual([1])
})
