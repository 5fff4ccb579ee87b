import { catalogue } from '../../kernel/errors.ts'

export const httpError = catalogue({
  'auth.bad_credential': [
    'unauthenticated',
    'This session or key no longer works. Sign in again.',
    'Цей сеанс або ключ більше не діє. Увійдіть знову.',
  ],
  'auth.wrong_origin': [
    'forbidden',
    'The request came from another site and was refused.',
    'Запит надійшов з іншого сайту, тож його відхилено.',
  ],
  'http.stopping': [
    'unavailable',
    'The city is being restarted. Try again in a few seconds.',
    'Місто перезапускається. Спробуйте за кілька секунд.',
  ],
})
