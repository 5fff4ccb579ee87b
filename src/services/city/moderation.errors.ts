/** What moderation refuses, and what can go wrong in it. Part of the catalogue of `city.errors.ts`. */
export const moderationErrors = {
  'city.muted': [
    'forbidden',
    'You are muted in this room until {until}. You can read, and ask the moderators to look again.',
    'У цій кімнаті вам не можна писати до {until}. Читати можна, і можна попросити модераторів переглянути рішення.',
  ],
  'city.room_banned': [
    'forbidden',
    'You were banned from this room. You can ask its moderators to look again.',
    'Вас вивели з цієї кімнати. Можна попросити модераторів переглянути рішення.',
  ],
  'city.banned_here': [
    'conflict',
    'This resident is banned from the room. Lift the ban first.',
    'Цього мешканця виведено з кімнати із забороною повертатися. Спершу зніміть заборону.',
  ],
  'city.slow_mode': [
    'rate_limited',
    'This room is slow: you can write again in {seconds} s.',
    'У цій кімнаті пишуть повільно: знову зможете через {seconds} с.',
  ],
  'city.posting_pace': [
    'rate_limited',
    'That is more than {limit} messages a minute. You can write again in {seconds} s.',
    'Це понад {limit} повідомлень за хвилину. Знову зможете через {seconds} с.',
  ],
  'city.newcomer_pace': [
    'rate_limited',
    'Those who came lately write up to {limit} messages a minute. You can again in {seconds} s.',
    'Хто прийшов недавно, пише до {limit} повідомлень за хвилину. Знову зможете через {seconds} с.',
  ],
  'city.newcomer_links': [
    'forbidden',
    'Those who came lately cannot post links yet.',
    'Хто прийшов недавно, ще не може надсилати посилання.',
  ],
  'city.newcomer_files': [
    'forbidden',
    'Those who came lately cannot post files yet.',
    'Хто прийшов недавно, ще не може надсилати файли.',
  ],
  'city.words_refused': [
    'invalid',
    'These words are not taken here. Change them and send again.',
    'Таких слів тут не приймають. Змініть їх і надішліть ще раз.',
  ],
  'city.message_held': [
    'conflict',
    'A moderator looks at this message before it appears. It need not be sent again.',
    'Спершу це повідомлення перегляне модератор. Надсилати його ще раз не треба.',
  ],
  'city.message_refused': [
    'conflict',
    'A moderator did not let this message through.',
    'Модератор не пропустив цього повідомлення.',
  ],
  'city.part_held': [
    'conflict',
    'What was heard or read here waits for a moderator.',
    'Почуте чи прочитане тут чекає на модератора.',
  ],
  'city.answer_held': [
    'conflict',
    'The answer holds words that wait for a moderator.',
    'У відповіді є слова, які чекають на модератора.',
  ],
  'city.sanction_rank': [
    'forbidden',
    'A moderator mutes and bans members; an owner moderators too; nobody those who own the room or run the city.',
    'Модератор обмежує учасників, власник — і модераторів; власників кімнати й тих, хто веде місто, не обмежує ніхто.',
  ],
  'city.sanction_person': [
    'conflict',
    'Only people are muted and banned; take an agent out of the room instead.',
    'Обмежувати можна лише людей; агента виведіть із кімнати.',
  ],
  'city.sanction_not_found': ['not_found', 'There is no such restriction.', 'Такого обмеження немає.'],
  'city.appeal_made': [
    'conflict',
    'You have already asked the moderators about this.',
    'Ви вже зверталися до модераторів щодо цього.',
  ],
  'city.report_subject': [
    'invalid',
    'Report one message or one person, not yourself.',
    'Поскаржитися можна на одне повідомлення чи одну людину, не на себе.',
  ],
  'city.too_many_reports': [
    'conflict',
    '{limit} of your reports still wait to be settled, which is the most.',
    'Ще не розглянуто {limit} ваших скарг, більше не можна.',
  ],
  'city.report_not_found': [
    'not_found',
    'There is no such case, or it is not yours to settle.',
    'Такої справи немає, або вирішувати її не вам.',
  ],
  'city.report_settled': ['conflict', 'This case is settled.', 'Цю справу вже вирішено.'],
  'city.outcome_unfit': [
    'conflict',
    'This case cannot be settled like that.',
    'Вирішити цю справу так не можна.',
  ],
  'city.until_missing': ['invalid', 'Say until when.', 'Скажіть, до якого часу.'],
  'city.rule_empty': [
    'invalid',
    'Rule {index} holds no word to look for.',
    'У правилі {index} немає слова, яке шукати.',
  ],
  'city.expression_invalid': [
    'invalid',
    'Rule {index} is wrong from character {at}: {piece}',
    'У правилі {index} помилка від знака {at}: {piece}',
  ],
  'city.too_many_rules': [
    'invalid',
    'There may be {limit} rules of this kind at most ({kind}).',
    'Правил цього виду ({kind}) може бути щонайбільше {limit}.',
  ],
  'city.rules_costly': [
    'invalid',
    'The expressions together take {steps} steps for a letter; the limit is {limit}. Shorten their repetitions.',
    'Разом вирази роблять {steps} кроків на літеру, а можна {limit}. Скоротіть у них повторення.',
  ],
} as const
