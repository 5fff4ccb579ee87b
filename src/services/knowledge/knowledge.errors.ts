import { catalogue } from '../../kernel/errors.ts'

export const knowledgeError = catalogue({
  'knowledge.document_not_found': [
    'not_found',
    'There is no such document here.',
    'Тут немає такого документа.',
  ],
  'knowledge.page_not_found': [
    'not_found',
    'The document has no page {page}.',
    'У документі немає сторінки {page}.',
  ],
})
