import { catalogue } from '../../kernel/errors.ts'

export const vectorsError = catalogue({
  'vectors.not_found': [
    'not_found',
    'There is no such collection of vectors.',
    'Такої збірки векторів немає.',
  ],
  'vectors.exists': [
    'conflict',
    'A collection or alias of this name is there already.',
    'Збірка або псевдонім із такою назвою вже є.',
  ],
  'vectors.bad_vector': [
    'invalid',
    'A vector of this collection has {dimensions} finite numbers between −60,000 and 60,000, not all of them 0 where angles are compared.',
    'Вектор цієї збірки має {dimensions} скінченних чисел між −60 000 і 60 000, не всі 0, якщо порівнюються кути.',
  ],
  'vectors.bad_filter': [
    'invalid',
    'A filter names fields by letters, digits and underscores, and at most {limit} values.',
    'Фільтр називає поля літерами, цифрами й підкресленнями і щонайбільше {limit} значень.',
  ],
  'vectors.no_pgvector': [
    'unavailable',
    'The database has pgvector {version}; vectors need {needed} or newer. Update it: {command}',
    'У базі pgvector {version}; вектори потребують {needed} або новішого. Оновити: {command}',
  ],
})
