import { expect, test } from 'vitest'
import { handClock } from '../../../test/kit/clock.ts'
import { createIds } from '../../kernel/ids.ts'
import { librarian, librarianAnswer } from './librarian.ts'
import { collect, textOf } from './llm.conformance.ts'

const lease = {
  n: 2,
  title: 'Договір.pdf',
  page: 3,
  kind: 'document' as const,
  text: 'Оренда зали коштує 500 грн на місяць. Договір діє рік.',
}
const talk = { n: 5, title: 'Оля', kind: 'message' as const, text: 'Дощ ітиме до вечора.' }

test('it quotes word for word, names the passage and says what it is, in the language of the question', () => {
  const answer = librarianAnswer({ question: 'Скільки коштує оренда?', passages: [lease, talk] })
  expect(answer).toContain('«Оренда зали коштує 500 грн на місяць.» [2]')
  expect(answer).toMatch(/не мовн/)
  expect(answer).not.toContain('[5]')
  const english = librarianAnswer({
    question: 'How long is the lease in force?',
    passages: [{ n: 1, title: 'Lease', text: 'The lease is in force for a year.' }],
  })
  expect(english).toContain('“The lease is in force for a year.” [1]')
  expect(english).toContain('not a language model')
})

test('where nothing fits it says so, and what it looked at', () => {
  const answer = librarianAnswer({ question: 'Хто лагодив дах бібліотеки?', passages: [lease, talk] })
  expect(answer).toContain('нічого про це не знайдено')
  expect(answer).toContain('Переглянуто: «Договір.pdf», 1 повідомлення.')
  expect(answer).not.toMatch(/\[\d+\]/)
})

test('pages that nobody read are named beside the answer', () => {
  const unread = [{ title: 'Скан', pages: [9, 3, 4] }]
  expect(librarianAnswer({ question: 'Скільки коштує оренда?', passages: [lease], unread })).toContain(
    'Сторінки 3–4, 9 документа «Скан» не прочитано; відповідь їх не враховує.',
  )
})

test('a greeting is greeted and nothing is made up', () => {
  for (const hello of ['Привіт!', 'Добрий день, Даарвіз', 'hello there', 'Дякую'])
    expect(librarianAnswer({ question: hello, passages: [lease] })).not.toContain('500')
  expect(librarianAnswer({ question: 'Привіт!' })).toMatch(/^Вітаю/)
  expect(librarianAnswer({ question: 'Хто ти?', passages: [lease] })).toMatch(/^Вітаю/)
  expect(librarianAnswer({ question: 'Hello' })).toMatch(/^Good day/)
  expect(librarianAnswer({ question: 'Добрий господар хто?', passages: [lease] })).not.toMatch(/^Вітаю/)
})

test('asked about the whole, it shows how each document begins', () => {
  const answer = librarianAnswer({ question: 'Що в цьому документі?', passages: [lease, talk] })
  expect(answer).toContain('«Оренда зали коштує 500 грн на місяць.» [2]')
  expect(answer).not.toContain('Дощ')
})

test('it answers programs that send no hints from what was said before, and counts tokens when asked', async () => {
  const clock = handClock()
  const llm = librarian({ clock, ids: createIds(clock) })
  const chunks = await collect(llm, {
    model: 'librarian',
    stream: true,
    stream_options: { include_usage: true },
    messages: [
      { role: 'system', content: 'The rent is secret.' },
      { role: 'user', content: 'The rent of the hall is 500.' },
      { role: 'user', content: [{ type: 'text', text: 'What is the rent of the hall?' }] },
    ],
  })
  expect(textOf(chunks)).toContain('“The rent of the hall is 500.” [1]')
  expect(textOf(chunks)).not.toContain('secret')
  expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: expect.any(Number) } })
})
