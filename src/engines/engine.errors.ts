import { type AppError, catalogue } from '../kernel/errors.ts'

/** What can be wrong with a file, and with an engine. */
export const engineError = catalogue({
  'engine.none': [
    'unavailable',
    'Nothing here can do this: no engine is configured.',
    'Тут нічим це зробити: жодного рушія не налаштовано.',
  ],
  'engine.model_missing': [
    'unavailable',
    'The model {model} is not installed yet ({size}). Install it: {command}',
    'Моделі {model} ще немає ({size}). Установити: {command}',
  ],
  'engine.program_missing': [
    'unavailable',
    'The program {program} is not installed here. Install it: {command}',
    'Програми {program} тут немає. Установити: {command}',
  ],
  'engine.crashed': [
    'unavailable',
    'The engine stopped in the middle of the work.',
    'Рушій зупинився посеред роботи.',
  ],
  'engine.quarantined': [
    'invalid',
    'This file stopped the engine twice and will not be tried again.',
    'Цей файл двічі зупинив рушій, тож більше його не відкриватимемо.',
  ],
  'engine.busy': [
    'rate_limited',
    'The queue is full. Next try in {seconds} s.',
    'Черга повна. Наступна спроба за {seconds} с.',
  ],
  'engine.cannot': ['invalid', '{engine} cannot take this: {what}.', '{engine} такого не приймає: {what}.'],
  'engine.context_full': [
    'too_large',
    'The request is longer than the model holds ({tokens} tokens).',
    'Запит довший, ніж уміщає модель ({tokens} токенів).',
  ],
  'engine.refused': ['upstream', '{engine} answered {status}.', '{engine} відповів {status}.'],
  'engine.unreachable': ['unavailable', '{engine} cannot be reached.', '{engine} недоступний.'],
  'engine.no_places': [
    'unavailable',
    'No engine here tells where words stand. With tesseract in OCR_ENGINES there is one.',
    'Жоден рушій тут не каже, де стоять слова. З tesseract в OCR_ENGINES такий буде.',
  ],
  'engine.no_language': [
    'unsupported',
    'No engine here reads this language ({language}) in pictures. With tesseract in OCR_ENGINES there is one.',
    'Жоден рушій тут не читає цієї мови ({language}) із зображень. З tesseract в OCR_ENGINES такий буде.',
  ],
  'engine.cut': [
    'upstream',
    '{engine} broke off in the middle of the answer.',
    '{engine} обірвав відповідь посередині.',
  ],
  'file.empty': ['invalid', 'The file is empty.', 'Файл порожній.'],
  'file.unsupported': [
    'unsupported',
    'Files of this kind ({mime}) are not accepted.',
    'Файли такого виду ({mime}) не приймаються.',
  ],
  'file.wrong_type': [
    'unsupported',
    'The file is not what its name says: it is {mime}.',
    'Файл не той, за який себе видає: це {mime}.',
  ],
  'file.unreadable': [
    'invalid',
    'The file is damaged or cut short and cannot be opened.',
    'Файл пошкоджено або обрізано, відкрити його неможливо.',
  ],
  'file.encrypted': ['invalid', 'The document is locked with a password.', 'Документ замкнено паролем.'],
  'file.wrong_password': [
    'invalid',
    'The password does not open the document.',
    'Цей пароль не відкриває документ.',
  ],
  'file.bomb': [
    'too_large',
    'Unpacked, the file would be far too large.',
    'Розпакований файл був би завеликим.',
  ],
  'file.no_audio': ['invalid', 'There is no sound in this file.', 'У цьому файлі немає звуку.'],
  'file.too_long': [
    'too_large',
    'The recording lasts {minutes} min, the limit is {limit} min.',
    'Запис триває {minutes} хв, а можна до {limit} хв.',
  ],
  'file.too_many_pixels': [
    'too_large',
    'The picture has {megapixels} megapixels, the limit is {limit}.',
    'На зображенні {megapixels} мегапікселів, а можна до {limit}.',
  ],
  'file.too_many_pages': [
    'too_large',
    'The document has {pages} pages, the limit is {limit}.',
    'У документі {pages} сторінок, а можна до {limit}.',
  ],
  'speech.empty': ['invalid', 'There is nothing to read aloud.', 'Тут немає чого читати вголос.'],
  'speech.too_long': [
    'too_large',
    'The text has {count} characters, the limit for reading aloud is {limit}.',
    'У тексті {count} знаків, а вголос читаємо до {limit}.',
  ],
  'speech.no_voice': [
    'unsupported',
    'No voice here reads this language ({language}).',
    'Жоден голос тут не читає цією мовою ({language}).',
  ],
  'page.illegible': [
    'invalid',
    'The page was not read: the scan is blurred.',
    'Сторінку не прочитано: скан розмитий.',
  ],
  'page.robots': [
    'invalid',
    '{host} asks that programs do not read this page.',
    '{host} просить, щоб програми не читали цієї сторінки.',
  ],
  'page.failed': ['invalid', 'The page could not be read.', 'Сторінку не вдалося прочитати.'],
})

/** Whether waiting mends nothing: a bad file stays bad, and a model does not appear by itself. A bug is not final: it goes to the dead letters. */
export const isFinal = (failure: AppError): boolean =>
  failure.code === 'engine.model_missing' ||
  failure.code === 'engine.none' ||
  failure.code === 'engine.program_missing' ||
  (!failure.retryable && failure.kind !== 'internal')
