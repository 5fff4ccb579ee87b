import { catalogue } from '../../kernel/errors.ts'

/** What can go wrong while a model is fetched. */
export const modelsError = catalogue({
  'models.unknown': [
    'not_found',
    'There is no model called {model}. The list: npm run models',
    'Моделі {model} немає. Перелік: npm run models',
  ],
  'models.not_fetched': [
    'unavailable',
    'The model {model} could not be fetched. {reasons}',
    'Не вдалося отримати модель {model}. {reasons}',
  ],
})
