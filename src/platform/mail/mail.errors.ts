import { catalogue } from '../../kernel/errors.ts'

export const mailError = catalogue({
  'mail.unreachable': [
    'unavailable',
    'The mail server cannot be reached. The letter is sent as soon as it can be.',
    'Поштовий сервер недоступний. Лист надішлемо, щойно він відповість.',
  ],
  'mail.refused': [
    'upstream',
    'The mail server refused the letter ({status}).',
    'Поштовий сервер не прийняв листа ({status}).',
  ],
})
