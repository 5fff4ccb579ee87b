import { catalogue } from '../../kernel/errors.ts'

export const filesError = catalogue({
  'file.too_large': [
    'too_large',
    'The file is larger than {maxMegabytes} MB.',
    'Файл більший за {maxMegabytes} МБ.',
  ],
  'file.empty': ['invalid', 'The file is empty.', 'Файл порожній.'],
  'file.missing': ['not_found', 'The file is not here.', 'Файлу тут немає.'],
  'file.no_space': [
    'unavailable',
    'There is no room left on the disk, so the file was not stored.',
    'На диску не лишилося місця, тож файл не збережено.',
  ],
})
