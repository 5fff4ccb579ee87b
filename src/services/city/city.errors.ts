import { catalogue } from '../../kernel/errors.ts'

/** What can go wrong in rooms, messages, files and on the live socket. */
export const cityError = catalogue({
  'city.room_not_found': [
    'not_found',
    'There is no such room, or it is not open to you.',
    'Такої кімнати немає, або вона вам не відкрита.',
  ],
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
  'city.file_not_found': [
    'not_found',
    'There is no such file, or it is not open to you.',
    'Такого файлу немає, або він вам не відкритий.',
  ],
  'city.resident_not_found': [
    'not_found',
    'There is no such resident in the city.',
    'Такого мешканця в місті немає.',
  ],
  'city.slug_taken': [
    'conflict',
    'The address {slug} is already taken by another room.',
    'Адресу {slug} вже має інша кімната.',
  ],
  'city.room_public': [
    'conflict',
    'This room is open to every resident: nobody needs to be let in or out.',
    'Ця кімната відкрита для всіх мешканців: впускати чи виводити нікого не треба.',
  ],
  'city.room_direct': [
    'conflict',
    'A talk keeps the people it began with; it has no settings of a room.',
    'Розмова лишається за тими, з ким почалася; налаштувань кімнати вона не має.',
  ],
  'city.last_owner': [
    'conflict',
    'The room has one owner: hand it over before leaving or stepping down.',
    'У кімнати один власник: передайте її комусь, перш ніж піти чи скласти повноваження.',
  ],
  'city.not_inviter': [
    'forbidden',
    'Only an owner or a moderator of the room may do this.',
    'Це може зробити лише власник або модератор кімнати.',
  ],
  'city.not_member': ['conflict', 'This resident is not in the room.', 'Цього мешканця в кімнаті немає.'],
  'city.agent_role': [
    'conflict',
    'An agent can be a member or a guest of a room, not its owner or moderator.',
    'Агент може бути в кімнаті учасником чи гостем, але не власником і не модератором.',
  ],
  'city.room_archived': [
    'conflict',
    'This room is archived: it can be read, nothing more is said in it.',
    'Ця кімната в архіві: її можна читати, але нового в ній не пишуть.',
  ],
  'city.guest_silent': [
    'forbidden',
    'A guest of this room reads; its members write.',
    'Гість цієї кімнати читає, а пишуть її учасники.',
  ],
  'city.picture_kind': [
    'invalid',
    'A room’s picture is an image file that is open to you.',
    'Картинка кімнати — це файл зображення, відкритий вам.',
  ],
  'city.room_open': [
    'conflict',
    'Every resident enters this room by themselves; who may join is not set.',
    'До цієї кімнати кожен мешканець входить сам; хто може приєднатися, тут не налаштовують.',
  ],
  'city.request_refused': [
    'conflict',
    'The keepers of the room have refused; you can ask again after {when}.',
    'Ті, хто веде кімнату, відмовили; спитати ще раз можна після {when}.',
  ],
  'city.request_not_found': [
    'not_found',
    'There is no such request; somebody may have answered it.',
    'Такого запиту немає; можливо, на нього вже відповіли.',
  ],
  'city.invitation_unknown': [
    'not_found',
    'This link does not work any more. Ask whoever sent it for a new one.',
    'Це посилання вже не діє. Попросіть нове в того, хто його надіслав.',
  ],
  'city.talk_alone': [
    'invalid',
    'A talk is for two to eight: choose somebody besides yourself.',
    'Розмова — для двох і до восьми: виберіть когось, крім себе.',
  ],
  'city.district_not_found': [
    'not_found',
    'There is no such district on the map.',
    'Такого району на мапі немає.',
  ],
  'city.district_last': [
    'conflict',
    'The map keeps at least one district.',
    'На мапі лишається принаймні один район.',
  ],
  'city.place_outside': ['invalid', 'This place lies outside the district.', 'Це місце лежить поза районом.'],
  'city.place_direct': ['conflict', 'A talk has no place on the map.', 'Розмова не має місця на мапі.'],
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
    'Attachment {index} is {mime}: it cannot be sent as {type}.',
    'Вкладення {index} має вид {mime}: надіслати його як {type} неможливо.',
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
  'city.upload_missing': [
    'invalid',
    'No file came. Send it as the multipart field "file".',
    'Файл не надійшов. Надішліть його в полі multipart «file».',
  ],
  'city.upload_many': ['invalid', 'One upload carries one file.', 'Одне завантаження несе один файл.'],
  'city.upload_not_multipart': [
    'unsupported',
    'A file is uploaded as multipart/form-data.',
    'Файл завантажують як multipart/form-data.',
  ],
  'city.upload_broken': [
    'invalid',
    'The upload broke off before its end. Nothing was kept.',
    'Завантаження обірвалося. Нічого не збережено.',
  ],
  'city.upload_not_found': [
    'not_found',
    'There is no such upload, or it waited longer than a day.',
    'Такого завантаження немає, або воно чекало довше за добу.',
  ],
  'city.upload_incomplete': [
    'conflict',
    'Not all of the file has come yet.',
    'Файл ще не надійшов повністю.',
  ],
  'city.uploads_open': [
    'rate_limited',
    '{limit} of your uploads are still unfinished. Finish or cancel one first.',
    'У вас {limit} незавершених завантажень. Спершу завершіть або скасуйте якесь із них.',
  ],
  'city.room_quota_exceeded': [
    'too_large',
    'The files of this room would take {usedMb} MB, the limit is {limitMb} MB.',
    'Файли цієї кімнати зайняли б {usedMb} МБ, а можна до {limitMb} МБ.',
  ],
  'city.quota_exceeded': [
    'too_large',
    'Your files would take {usedMb} MB, the limit is {limitMb} MB.',
    'Ваші файли зайняли б {usedMb} МБ, а можна до {limitMb} МБ.',
  ],
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
  'city.range_invalid': [
    'invalid',
    'The file has {sizeBytes} bytes; this range lies outside it.',
    'У файлі {sizeBytes} байтів; такого проміжку в ньому немає.',
  ],
  'city.no_thumbnail': [
    'unsupported',
    'This file is neither a picture nor a PDF: it has no small view.',
    'Цей файл не зображення й не PDF: зменшеного вигляду він не має.',
  ],
  'city.no_waveform': [
    'unsupported',
    'This file is not a recording: it has no shape of sound.',
    'Цей файл не запис: хвилі звуку в нього немає.',
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
