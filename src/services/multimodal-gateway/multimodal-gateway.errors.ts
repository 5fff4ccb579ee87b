import { catalogue } from '../../kernel/errors.ts'

export const gatewayError = catalogue({
  'gateway.no_file': [
    'invalid',
    'The request carries no file. Send it as multipart/form-data, in the field "file".',
    'У запиті немає файлу. Надішліть його як multipart/form-data, у полі «file».',
  ],
  'gateway.many_files': ['invalid', 'One request carries one file.', 'Один запит несе один файл.'],
  'gateway.broken_upload': [
    'invalid',
    'The upload broke off before its end, or is no multipart/form-data.',
    'Завантаження обірвалося або не є multipart/form-data.',
  ],
  'gateway.bad_option': [
    'invalid',
    '{name} must be one of: {options}.',
    '{name} може бути одним із: {options}.',
  ],
  'gateway.unknown_model': [
    'not_found',
    'There is no model {model} here. These are: {models}.',
    'Моделі {model} тут немає. Є такі: {models}.',
  ],
})
