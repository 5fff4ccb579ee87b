import { catalogue } from '../../kernel/errors.ts'

export const databaseError = catalogue({
  'database.busy': [
    'unavailable',
    'The database was busy for {seconds} s and did not get to it.',
    'База даних була зайнята {seconds} с і до цього не дійшла.',
  ],
  'database.unreachable': ['unavailable', 'The database cannot be reached.', 'База даних недоступна.'],
  'database.locked': [
    'conflict',
    'The data folder {folder} is in use by the process {pid}. Stop that one first.',
    'Тека даних {folder} зайнята процесом {pid}. Спершу зупиніть його.',
  ],
  'database.migration_changed': [
    'internal',
    'The migration {name} was changed after it had been applied.',
    'Міграцію {name} змінено після того, як її застосували.',
  ],
  'database.migration_missing': [
    'internal',
    'The migration {name} was applied, but its file {file} is not there.',
    'Міграцію {name} застосовано, але її файлу {file} немає.',
  ],
  'database.migration_failed': [
    'internal',
    'The migration {name} failed and was undone: {detail}',
    'Міграція {name} не вдалася, її скасовано: {detail}',
  ],
})
