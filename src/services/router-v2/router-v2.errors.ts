import { catalogue } from '../../kernel/errors.ts'

export const routerV2Error = catalogue({
  'router_v2.bad_data_url': [
    'invalid',
    'The part {name} is no data URL in base64, such as data:audio/ogg;base64,…',
    'Частина {name} не є data URL у base64, як-от data:audio/ogg;base64,…',
  ],
  'router_v2.part_too_large': [
    'too_large',
    'The part {name} is {megabytes} MB, the limit is {limit} MB.',
    'Частина {name} має {megabytes} МБ, а можна до {limit} МБ.',
  ],
  'router_v2.nothing_asked': [
    'invalid',
    'There is neither a word nor a file to answer to.',
    'Немає ні слова, ні файлу, на які можна відповісти.',
  ],
  'router_v2.rooms_absent': [
    'unavailable',
    'Rooms cannot be reached from here now; without a room the request works.',
    'Кімнати звідси зараз недоступні; без кімнати запит працює.',
  ],
  'router_v2.no_stored_files': [
    'unavailable',
    'Files of the city cannot be reached from here; send {name} as a data URL.',
    'Файли міста звідси недоступні; надішліть {name} як data URL.',
  ],
  'router_v2.no_search': [
    'unavailable',
    'Nothing here can look for this now: {where}.',
    'Тут зараз нічим це шукати: {where}.',
  ],
  'router_v2.broken_form': [
    'invalid',
    'The form cannot be read: {detail}.',
    'Форму неможливо прочитати: {detail}.',
  ],
})
