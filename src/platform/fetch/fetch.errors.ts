import { catalogue } from '../../kernel/errors.ts'

/** What can go wrong with an address that a person, an agent or a document named. A name that is not there and one that leads into a private network answer alike. */
export const fetchError = catalogue({
  'fetch.url_invalid': [
    'invalid',
    'This is not an address that can be opened: it begins with http:// or https:// and holds no password.',
    'Це не адреса, яку можна відкрити: вона починається з http:// або https:// і не містить пароля.',
  ],
  'fetch.not_public': [
    'invalid',
    '{host} is not a place on the public internet.',
    '{host} не є місцем у відкритому інтернеті.',
  ],
  'fetch.port_refused': [
    'invalid',
    'Pages are not opened on port {port}.',
    'На порті {port} сторінок не відкриваємо.',
  ],
  'fetch.unreachable': ['unavailable', '{host} cannot be reached.', '{host} недоступний.'],
  'fetch.broken': [
    'upstream',
    '{host} broke off or answered unreadably.',
    '{host} обірвав або дав нечитну відповідь.',
  ],
  'fetch.too_many_redirects': [
    'upstream',
    '{host} sends on more than {limit} times.',
    '{host} пересилає далі понад {limit} разів.',
  ],
  'fetch.too_large': [
    'too_large',
    'What {host} sends is larger than {limitKb} kB.',
    '{host} надсилає понад {limitKb} кБ.',
  ],
  'fetch.unexpected_type': [
    'unsupported',
    '{host} sends {mime}, which is not what was asked for.',
    '{host} надсилає {mime}, а просили інше.',
  ],
})
