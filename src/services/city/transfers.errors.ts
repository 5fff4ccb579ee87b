import { catalogue } from '../../kernel/errors.ts'

/** What can go wrong with archives: those that go out, and those that come in. */
export const transferError = catalogue({
  'transfer.export_not_found': [
    'not_found',
    'There is no such archive. Archives are kept for a day.',
    'Такого архіву немає. Архіви зберігаються добу.',
  ],
  'transfer.export_unfinished': ['conflict', 'The archive is not written yet.', 'Архів ще не записано.'],
  'transfer.not_keeper': [
    'forbidden',
    'A room is exported by its owners and moderators.',
    'Кімнату експортують її власники й модератори.',
  ],
  'transfer.too_many_exports': [
    'conflict',
    '{limit} of your archives are being written. Wait until one is done.',
    'Записується {limit} ваших архівів. Дочекайтеся, поки якийсь буде готовий.',
  ],
  'transfer.room_missing': ['invalid', 'Say which room.', 'Скажіть, яку кімнату.'],
  'transfer.my_data_format': [
    'invalid',
    'Your own data come as JSON with files.',
    'Власні дані видаються як JSON із файлами.',
  ],
  'transfer.import_not_found': ['not_found', 'There is no such import.', 'Такого імпорту немає.'],
  'transfer.too_many_imports': [
    'conflict',
    '{limit} archives already wait to be taken in.',
    'Уже чекають своєї черги {limit} архівів.',
  ],
  'transfer.unknown_kind': [
    'unsupported',
    'This is not an export of Slack, Mattermost or Telegram (JSON).',
    'Це не експорт зі Slack, Mattermost чи Telegram (JSON).',
  ],
  'transfer.archive_unreadable': [
    'invalid',
    'The archive cannot be read: it is cut short, encrypted or broken.',
    'Архів неможливо прочитати: він обірваний, зашифрований або пошкоджений.',
  ],
  'transfer.archive_bomb': [
    'too_large',
    'The archive unpacks into more than the city takes in.',
    'Архів розпаковується в більше, ніж місто приймає.',
  ],
  'transfer.json_too_large': [
    'too_large',
    'One message of the archive is longer than {limitMb} MB. Export without it, or fewer chats.',
    'Одне повідомлення архіву довше за {limitMb} МБ. Експортуйте без нього або менше чатів.',
  ],
})
