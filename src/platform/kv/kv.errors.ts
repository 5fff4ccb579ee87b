import { catalogue } from '../../kernel/errors.ts'

export const kvError = catalogue({
  'kv.unreachable': [
    'unavailable',
    'The store of short-lived values cannot be reached.',
    'Сховище короткочасних значень недоступне.',
  ],
})
