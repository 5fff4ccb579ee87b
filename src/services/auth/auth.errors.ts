import { catalogue } from '../../kernel/errors.ts'

export const authError = catalogue({
  'auth.bad_credentials': [
    'unauthenticated',
    'The e-mail or the password is wrong.',
    'Пошта або пароль не ті.',
  ],
  'auth.throttled': [
    'rate_limited',
    'Too many attempts. Next try in {seconds} s.',
    'Забагато спроб. Наступна спроба за {seconds} с.',
  ],
  'auth.welcome_used': [
    'conflict',
    'The city already has its owner. Sign in, or ask them for an invitation.',
    'Місто вже має власника. Увійдіть або попросіть у нього запрошення.',
  ],
  'auth.welcome_refused': [
    'forbidden',
    'This link does not open the city. Take the one it printed when it last started.',
    'Це посилання не відчиняє міста. Візьміть те, яке місто показало під час останнього запуску.',
  ],
  'auth.invitation_refused': [
    'forbidden',
    'This invitation no longer works. Ask for a new one.',
    'Це запрошення вже не діє. Попросіть нове.',
  ],
  'auth.invitation_unknown': [
    'not_found',
    'This invitation no longer works. Ask for a new one.',
    'Це запрошення вже не діє. Попросіть нове.',
  ],
  'auth.email_taken': [
    'conflict',
    'There is already an account with this e-mail. Sign in with it.',
    'Обліковий запис із цією поштою вже є. Увійдіть із нею.',
  ],
  'auth.id_taken': [
    'conflict',
    'The id {id} belongs to somebody who is not an agent.',
    'Ідентифікатор {id} належить не агентові.',
  ],
  'auth.no_owner': [
    'conflict',
    'The city has no owner yet. Open the link that it printed when it last started.',
    'Місто ще не має власника. Відкрийте посилання, яке воно показало під час останнього запуску.',
  ],
  'auth.key_unknown': ['not_found', 'There is no such key.', 'Такого ключа немає.'],
  'auth.scope_too_wide': [
    'forbidden',
    'A key cannot make one that holds more than itself: {scope}.',
    'Ключ не може створити такого, що має більше за нього: {scope}.',
  ],
  'auth.expiry_past': [
    'invalid',
    'A key cannot end before it is made. Choose a later day.',
    'Ключ не може закінчитися раніше, ніж його створено. Виберіть пізніший день.',
  ],
  'auth.resident_unknown': ['not_found', 'There is no such resident.', 'Такого мешканця немає.'],
  'auth.not_yourself': [
    'conflict',
    'Your own role and state are changed by somebody else.',
    'Вашу власну роль і стан змінює хтось інший.',
  ],
  'auth.owner_stays': [
    'conflict',
    'The owner stays the owner until they hand the city over.',
    'Власник лишається власником, доки не передасть міста.',
  ],
  'auth.owner_only': [
    'forbidden',
    'Only the city’s owner may do this.',
    'Це може зробити лише власник міста.',
  ],
  'auth.heir_disabled': [
    'conflict',
    'The city cannot be handed over to somebody who is disabled.',
    'Місто не можна передати тому, кого вимкнено.',
  ],
  'auth.too_many_keys': [
    'conflict',
    'You have {limit} keys, and that is the limit. Revoke one you do not need.',
    'У вас уже {limit} ключів, більше не можна. Відкличте непотрібний.',
  ],
})
