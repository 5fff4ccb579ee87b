/** What can go wrong with messages, what is done to them, and what becomes of them. Part of the catalogue of `city.errors.ts`. */
export const messageErrors = {
  'city.message_not_found': [
    'not_found',
    'There is no such message in this room.',
    'Такого повідомлення в цій кімнаті немає.',
  ],
  'city.part_not_found': [
    'not_found',
    'This message has no such attachment.',
    'У цього повідомлення немає такого вкладення.',
  ],
  'city.message_deleted': ['conflict', 'This message was deleted.', 'Це повідомлення видалено.'],
  'city.reason_missing': [
    'invalid',
    'Say why the message is removed; its author reads it.',
    'Напишіть, чому повідомлення прибрано; автор це прочитає.',
  ],
  'city.emoji_unknown': ['invalid', 'A reaction is one emoji.', 'Реакція — це один емодзі.'],
  'city.too_many_emoji': [
    'conflict',
    'A message holds {limit} different reactions; this one is full.',
    'Повідомлення вміщає {limit} різних реакцій; тут місця вже немає.',
  ],
  'city.too_many_pins': [
    'conflict',
    'A room holds {limit} pinned messages. Unpin one first.',
    'У кімнаті може бути {limit} закріплених повідомлень. Спершу відкріпіть якесь.',
  ],
  'city.too_many_edits': [
    'conflict',
    'This message was edited {limit} times; it cannot be edited any more.',
    'Це повідомлення змінювали {limit} разів; більше змінити його неможливо.',
  ],
  'city.forward_fixed': [
    'conflict',
    'Forwarded words are somebody else’s: they cannot be edited.',
    'Переслані слова чужі: змінити їх неможливо.',
  ],
  'city.nothing_to_forward': [
    'conflict',
    'This message has neither words nor files to forward.',
    'У цьому повідомленні немає ні слів, ні файлів, щоб переслати.',
  ],
  'city.thread_not_found': [
    'invalid',
    'The thread does not begin in this room.',
    'Гілка починається не в цій кімнаті.',
  ],
  'city.no_poll': ['conflict', 'There is no poll in this message.', 'У цьому повідомленні немає опитування.'],
  'city.poll_closed': ['conflict', 'This poll is closed.', 'Це опитування завершено.'],
  'city.no_such_option': ['invalid', 'The poll has no such option.', 'Такого варіанта в опитуванні немає.'],
  'city.one_option': [
    'invalid',
    'One option may be chosen in this poll.',
    'У цьому опитуванні можна вибрати один варіант.',
  ],
  'city.options_alike': [
    'invalid',
    'Two options of the poll are the same.',
    'Два варіанти опитування однакові.',
  ],
  'city.time_past': [
    'invalid',
    'This moment has passed. Choose one to come.',
    'Ця мить уже минула. Виберіть майбутню.',
  ],
  'city.time_far': ['invalid', 'At most a year ahead.', 'Щонайбільше на рік наперед.'],
  'city.alerts_spent': [
    'forbidden',
    'You have called everybody here {limit} times within an hour. You can again in {minutes} min, or without the call now.',
    'За годину ви скликали тут усіх {limit} разів. Знову зможете через {minutes} хв, а без заклику — зараз.',
  ],
  'city.too_many_saved': [
    'conflict',
    'You have saved {limit} messages, which is the most. Take one out first.',
    'Ви зберегли {limit} повідомлень, більше не можна. Спершу приберіть якесь.',
  ],
  'city.too_many_scheduled': [
    'conflict',
    'You have {limit} messages waiting to be sent, which is the most.',
    'На надсилання чекають {limit} ваших повідомлень, більше не можна.',
  ],
  'city.scheduled_not_found': [
    'not_found',
    'There is no such message waiting; it may have been sent.',
    'Такого повідомлення в черзі немає; можливо, його вже надіслано.',
  ],
  'city.scheduled_sent': [
    'conflict',
    'This message is being sent right now.',
    'Це повідомлення саме надсилається.',
  ],
  'city.message_empty': [
    'invalid',
    'The message is empty. Write something or attach a file.',
    'Повідомлення порожнє. Напишіть щось або додайте файл.',
  ],
  'city.text_too_long': [
    'too_large',
    'The text has {length} characters, the limit is {limit}.',
    'У тексті {length} знаків, а можна до {limit}.',
  ],
  'city.text_invalid': [
    'invalid',
    'The text holds characters that cannot be stored.',
    'У тексті є знаки, яких неможливо зберегти.',
  ],
  'city.client_id_conflict': [
    'conflict',
    'Another message was already sent under this clientId.',
    'Під цим clientId вже надіслано інше повідомлення.',
  ],
  'city.reply_not_found': [
    'invalid',
    'The message you reply to is not in this room.',
    'Повідомлення, на яке ви відповідаєте, немає в цій кімнаті.',
  ],
  'city.part_file': [
    'invalid',
    'Attachment {index}: there is no such file, or it is not open to you.',
    'Вкладення {index}: такого файлу немає, або він вам не відкритий.',
  ],
  'city.part_type': [
    'unsupported',
    'Attachment {index} is in truth {mime}, not what its name says ({type}). Give it its right extension and send it again.',
    'Вкладення {index} насправді має вид {mime}, а не той, що каже назва ({type}). Дайте файлу правильне розширення й надішліть ще раз.',
  ],
  'city.not_author': [
    'forbidden',
    'Only the author of the message may do this.',
    'Це може зробити лише автор повідомлення.',
  ],
  'city.not_manager': [
    'forbidden',
    'Only an owner of the room may do this.',
    'Це може зробити лише власник кімнати.',
  ],
  'city.part_not_done': [
    'conflict',
    'There is nothing to correct here yet.',
    'Тут ще немає чого виправляти.',
  ],
  'city.part_not_failed': [
    'conflict',
    'This attachment did not fail: there is nothing to try again.',
    'З цим вкладенням усе гаразд: повторювати нічого.',
  ],
  'city.run_not_failed': [
    'conflict',
    'No run of this message failed or was cancelled.',
    'Жоден запуск цього повідомлення не зазнав невдачі й не був скасований.',
  ],
  'city.engine_absent': [
    'unavailable',
    'This city runs without the service that reads {type} attachments.',
    'У цьому місті немає служби, що читає вкладення виду {type}.',
  ],
  'city.answer_empty': [
    'upstream',
    'The agent finished without a word.',
    'Агент закінчив, не сказавши ні слова.',
  ],
} as const
