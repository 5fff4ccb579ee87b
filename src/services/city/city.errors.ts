import { catalogue } from '../../kernel/errors.ts'
import { fileErrors } from './files.errors.ts'
import { messageErrors } from './messages.errors.ts'
import { moderationErrors } from './moderation.errors.ts'
import { roomErrors } from './rooms.errors.ts'

/** What can go wrong in rooms, messages, files and on the live socket. */
export const cityError = catalogue({
  ...roomErrors,
  ...messageErrors,
  ...moderationErrors,
  ...fileErrors,
  'city.push_off': ['unsupported', 'This city wakes no browsers.', 'Це місто браузерів не будить.'],
  'city.push_invalid': [
    'invalid',
    'A browser cannot be woken by this address and these keys.',
    'За цією адресою й цими ключами браузер не розбудити.',
  ],
  'city.push_taken': [
    'conflict',
    'This browser is woken for somebody else. Turn notifications off in it and on again.',
    'Цей браузер будять для когось іншого. Вимкніть у ньому сповіщення й увімкніть знову.',
  ],
  'city.push_unreachable': [
    'unavailable',
    'The push service answered {status}; it is tried again.',
    'Служба сповіщень відповіла {status}; спробуємо ще.',
  ],
  'city.push_refused': [
    'upstream',
    'The push service refused with {status}.',
    'Служба сповіщень відмовила: {status}.',
  ],
  'city.frame_invalid': [
    'invalid',
    'The frame cannot be understood: {detail}',
    'Кадр неможливо зрозуміти: {detail}',
  ],
  'city.too_many_rooms': [
    'rate_limited',
    'One connection follows at most {limit} rooms.',
    'Одне з’єднання стежить щонайбільше за {limit} кімнатами.',
  ],
})
