/** What can go wrong with files that are sent, kept and read. Part of the catalogue of `city.errors.ts`. */
export const fileErrors = {
  'city.file_not_found': [
    'not_found',
    'There is no such file, or it is not open to you.',
    'Такого файлу немає, або він вам не відкритий.',
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
} as const
