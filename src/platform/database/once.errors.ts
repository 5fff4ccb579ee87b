import { catalogue } from '../../kernel/errors.ts'

export const onceError = catalogue({
  'once.other_request': [
    'conflict',
    'This Idempotency-Key belongs to another request. Take a new one.',
    'Цей Idempotency-Key належить іншому запиту. Візьміть новий.',
  ],
  'once.bad_key': [
    'invalid',
    'An Idempotency-Key has 1 to 200 visible letters of ASCII.',
    'Idempotency-Key має від 1 до 200 видимих знаків ASCII.',
  ],
})
