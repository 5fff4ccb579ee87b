import { catalogue } from '../../kernel/errors.ts'

export const knowledgeError = catalogue({
  'knowledge.collection_not_found': [
    'not_found',
    'There is no such collection here.',
    'Тут немає такої колекції.',
  ],
  'knowledge.collection_exists': [
    'conflict',
    'This room has its collection already.',
    'Ця кімната вже має свою колекцію.',
  ],
  'knowledge.collection_of_room': [
    'conflict',
    'A room’s collection stays as long as the room does. Its documents can be removed one by one.',
    'Колекція кімнати існує, доки є кімната. Документи з неї можна вилучати по одному.',
  ],
  'knowledge.may_not_change': [
    'forbidden',
    'Here you can read, but not change anything.',
    'Тут ви можете читати, але не змінювати.',
  ],
  'knowledge.too_many': [
    'conflict',
    'There are {limit} here already, and more do not fit. Remove something first.',
    'Тут уже {limit}, більше не вміститься. Спершу щось вилучіть.',
  ],
  'knowledge.no_space': [
    'conflict',
    'Your documents would take more than {limit} bytes. Remove something first.',
    'Ваші документи зайняли б понад {limit} байтів. Спершу щось вилучіть.',
  ],
  'knowledge.document_not_found': [
    'not_found',
    'There is no such document here.',
    'Тут немає такого документа.',
  ],
  'knowledge.document_posted': [
    'conflict',
    'This document was posted in the room and goes with its message.',
    'Цей документ надіслано в кімнату: він зникне разом із повідомленням.',
  ],
  'knowledge.document_pending': [
    'conflict',
    'The document is being read just now.',
    'Документ саме читається.',
  ],
  'knowledge.nothing_failed': [
    'conflict',
    'Nothing of this document failed.',
    'У цьому документі все прочитано.',
  ],
  'knowledge.page_not_found': [
    'not_found',
    'The document has no page {page}.',
    'У документі немає сторінки {page}.',
  ],
  'knowledge.upload_missing': [
    'invalid',
    'No file came. Send one in the multipart field "file".',
    'Файл не надійшов. Надішліть один у полі multipart «file».',
  ],
  'knowledge.upload_broken': [
    'invalid',
    'The upload broke off before its end.',
    'Завантаження обірвалося, не дійшовши до кінця.',
  ],
  'knowledge.source_not_found': ['not_found', 'There is no such source here.', 'Тут немає такого джерела.'],
  'knowledge.source_exists': ['conflict', 'This address is read here already.', 'Цю адресу тут уже читають.'],
  'knowledge.source_reading': ['conflict', 'This address is being read just now.', 'Цю адресу саме читають.'],
  'knowledge.no_sitemap': [
    'invalid',
    'The site {host} has no sitemap that can be read. Add its pages one by one.',
    'Сайт {host} не має карти, яку можна прочитати. Додайте його сторінки по одній.',
  ],
  'knowledge.page_empty': ['invalid', 'There are no words at this address.', 'За цією адресою немає тексту.'],
})
