import { expect, test } from 'vitest'
import { spokenWords } from './spoken-words.ts'

test('what is read aloud are the words: no signs, sources, addresses, code', () => {
  const answer = `## Кава

Кав’ярня **відкрита** о *восьмій* [1], див. [розклад](https://example.org/a) або https://example.org/b.

- перше
2. друге з \`snake_case\` і 2 * 3 * 4

| Час | Місце |
|-----|:-----:|
| 8 | Площа |

\`\`\`sh
rm -rf /
\`\`\`
`
  expect(spokenWords(answer)).toBe(
    'Кава\n\nКав’ярня відкрита о восьмій, див. розклад або\n\nперше\nдруге з snake_case і 2 * 3 * 4\n\nЧас, Місце\n\n8, Площа',
  )
  expect(spokenWords('```\nlet a\n```')).toBe('')
})
