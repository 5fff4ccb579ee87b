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
  'auth.password_missing': [
    'invalid',
    'A password of at least 10 characters is needed.',
    'Потрібен пароль, щонайменше 10 знаків.',
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
  'auth.session_needed': [
    'forbidden',
    'This is done by a person who is signed in, not by a key.',
    'Це робить людина, яка ввійшла, а не ключ.',
  ],
  'auth.session_unknown': ['not_found', 'There is no such session.', 'Такого сеансу немає.'],
  'auth.wrong_password': ['forbidden', 'This is not your password.', 'Це не ваш пароль.'],
  'auth.wrong_code': [
    'unauthenticated',
    'The code is wrong or was used already. Take the next one.',
    'Код не той або вже використаний. Візьміть наступний.',
  ],
  'auth.code_refused': [
    'forbidden',
    'The code is wrong. Check the clock of your device and take the next one.',
    'Код не той. Перевірте годинник пристрою і візьміть наступний.',
  ],
  'auth.step_over': [
    'unauthenticated',
    'This sign-in took too long. Begin again.',
    'Вхід тривав задовго. Почніть знову.',
  ],
  'auth.totp_on': [
    'conflict',
    'The second step is on already. Turn it off first, to begin anew.',
    'Другий крок уже ввімкнено. Щоб почати наново, спершу вимкніть його.',
  ],
  'auth.totp_off': ['conflict', 'The second step is not on.', 'Другий крок не ввімкнено.'],
  'auth.passkey_needs_domain': [
    'conflict',
    'Passkeys need a name, and this address is a number. Open {link}',
    'Ключам доступу потрібне ім’я, а ця адреса — числова. Відкрийте {link}',
  ],
  'auth.passkey_refused': [
    'unauthenticated',
    'This passkey does not open the city. Use another one, or your password.',
    'Цей ключ доступу не відчиняє міста. Скористайтеся іншим або паролем.',
  ],
  'auth.passkey_unmade': [
    'conflict',
    'The passkey could not be checked. Begin again.',
    'Ключ доступу не вдалося перевірити. Почніть знову.',
  ],
  'auth.passkey_unknown': ['not_found', 'There is no such passkey.', 'Такого ключа доступу немає.'],
  'auth.too_many_passkeys': [
    'conflict',
    'You have {limit} passkeys, and that is the limit. Remove one you do not need.',
    'У вас уже {limit} ключів доступу, більше не можна. Вилучіть непотрібний.',
  ],
  'auth.link_refused': [
    'forbidden',
    'This link no longer works. Ask for a new one.',
    'Це посилання вже не діє. Попросіть нове.',
  ],
  'auth.sign_up_closed': [
    'forbidden',
    'One comes into this city by invitation.',
    'До цього міста приходять за запрошенням.',
  ],
  'auth.sign_ups_full': [
    'rate_limited',
    'Too many people wait to be let in. Next try in {minutes} min.',
    'Забагато людей чекає на вхід. Наступна спроба за {minutes} хв.',
  ],
  'auth.sign_up_unknown': [
    'not_found',
    'Nobody waits under this name any more.',
    'Під цим ім’ям уже ніхто не чекає.',
  ],
  'auth.reset_unknown': ['not_found', 'There is no such request.', 'Такого запиту немає.'],
  'auth.no_mail': ['conflict', 'The city sends no mail.', 'Місто не надсилає пошти.'],
  'auth.account_unknown': [
    'not_found',
    'Nobody in the city has this e-mail.',
    'У місті немає нікого з такою поштою.',
  ],
  'auth.link_code_refused': [
    'forbidden',
    'This code no longer works. Make a new one in the settings.',
    'Цей код уже не діє. Зробіть новий у налаштуваннях.',
  ],
  'auth.identity_taken': [
    'conflict',
    'This account is linked to somebody else.',
    'Цей обліковий запис уже пов’язано з іншою людиною.',
  ],
  'auth.link_unknown': ['not_found', 'There is nothing linked there.', 'Там нічого не пов’язано.'],
  'auth.expiry_wrong': [
    'invalid',
    'An invitation works for at most {days} days from now.',
    'Запрошення діє щонайбільше {days} днів від сьогодні.',
  ],
})
