import { catalogue } from '../../kernel/errors.ts'

export const gatewayError = catalogue({
  'gateway.no_file': [
    'invalid',
    'The request carries no file. Send it as multipart/form-data, in the field "file", or name it in "source".',
    'У запиті немає файлу. Надішліть його як multipart/form-data, у полі «file», або назвіть у «source».',
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
  'gateway.bad_source': [
    'invalid',
    'The source is neither a file kept here (file_…), an address (https://…), nor a data URL in base64.',
    'Джерело не є ні файлом звідси (file_…), ні адресою (https://…), ні data URL у base64.',
  ],
  'gateway.no_stored_files': [
    'unavailable',
    'Files kept in the city cannot be reached from here. Set PEER_CITY, or send the file itself.',
    'Файли міста звідси недосяжні. Задайте PEER_CITY або надішліть сам файл.',
  ],
  'gateway.source_refused': ['upstream', '{host} answered {status}.', '{host} відповів {status}.'],
  'gateway.no_speakers': [
    'invalid',
    '{engine} does not tell voices apart. Ask for another response_format.',
    '{engine} не розрізняє голосів. Попросіть інший response_format.',
  ],
  'gateway.unknown_model': [
    'not_found',
    'There is no model {model} here. These are: {models}.',
    'Моделі {model} тут немає. Є такі: {models}.',
  ],
  'gateway.engine_missing': [
    'unavailable',
    'Nothing here can do this yet. Mend it: {mend}',
    'Тут ще нічим це зробити. Як виправити: {mend}',
  ],
  'gateway.budget_spent': [
    'rate_limited',
    'The budget of this {kind} is spent: {used} of {amount} {unit} this {period}.',
    'Бюджет вичерпано ({kind}): {used} з {amount} {unit} за {period}.',
  ],
  'gateway.job_not_found': ['not_found', 'There is no such job.', 'Такого завдання немає.'],
  'gateway.too_many_jobs': [
    'rate_limited',
    'You have {limit} jobs that are not over. Wait for one, or cancel it.',
    'У вас {limit} незавершених завдань. Дочекайтеся котрогось або скасуйте.',
  ],
  'gateway.job_not_done': [
    'conflict',
    'The job is {state}; it has no result.',
    'Завдання у стані {state}; результату немає.',
  ],
  'gateway.webhook_alone': [
    'invalid',
    'A webhook needs the header "Prefer: respond-async".',
    'Вебхуку потрібен заголовок «Prefer: respond-async».',
  ],
  'gateway.not_as_job': [
    'invalid',
    'With a password this is answered at once alone: leave out "Prefer: respond-async".',
    'З паролем відповідь лише одразу: приберіть «Prefer: respond-async».',
  ],
  'gateway.vectors_many': [
    'conflict',
    'You have {limit} collections and aliases. Remove one first.',
    'У вас {limit} збірок і псевдонімів. Спершу приберіть котрусь.',
  ],
  'gateway.vectors_full': [
    'too_large',
    'Your collections hold {limit} points at most. Take some out first.',
    'Ваші збірки вміщують щонайбільше {limit} точок. Спершу приберіть частину.',
  ],
  'gateway.vectors_empty': [
    'invalid',
    'The point {id} has neither a vector nor a text.',
    'Точка {id} не має ні вектора, ні тексту.',
  ],
  'gateway.vectors_alone': [
    'invalid',
    'This collection holds vectors of your own: texts cannot be turned into them here. Send a vector.',
    'У цій збірці ваші власні вектори: текст тут на них не перетворити. Надішліть вектор.',
  ],
  'gateway.vectors_model': [
    'conflict',
    'This collection was made with {model}; now {other} embeds, and the two do not compare. Make a new collection and let the alias point to it.',
    'Цю збірку зроблено з {model}; тепер вектори робить {other}, і їх не порівняти. Зробіть нову збірку й переведіть псевдонім на неї.',
  ],
})
