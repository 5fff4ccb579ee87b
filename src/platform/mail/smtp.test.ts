import { expect, test } from 'vitest'
import { smtpServer } from '../../../test/kit/smtp-server.ts'
import { deadline } from '../../kernel/deadline.ts'
import { Secret } from '../../kernel/secret.ts'
import { smtpMail } from './smtp.ts'

const letter = { to: 'ada@misto.example', subject: 'Новий пароль', text: 'Вітаємо, Адо.', id: 'letter_1' }

test('a letter arrives whole; a refusal is final, silence is not', async () => {
  await using server = await smtpServer()
  await using mail = smtpMail(new Secret(server.url), 'Місто <city@misto.example>')
  await mail.send(letter, deadline(5_000))
  expect(server.letters).toHaveLength(1)
  expect(server.letters[0]).toMatchObject({ to: letter.to })
  expect(server.letters[0]?.text.trim()).toBe(letter.text)
  expect(server.letters[0]?.raw).toContain('<letter_1@misto.example>')

  server.answer('550 no such box')
  await expect(mail.send(letter, deadline(5_000))).rejects.toMatchObject({
    code: 'mail.refused',
    retryable: false,
    params: { status: 550 },
  })
  server.answer('451 later')
  await expect(mail.send(letter, deadline(5_000))).rejects.toMatchObject({
    code: 'mail.unreachable',
    retryable: true,
  })
  await server[Symbol.asyncDispose]()
  await expect(mail.send(letter, deadline(5_000))).rejects.toMatchObject({ code: 'mail.unreachable' })
})
