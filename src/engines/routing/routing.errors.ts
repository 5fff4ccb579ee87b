import { catalogue } from '../../kernel/errors.ts'

export const routingError = catalogue({
  'routing.provider_failed': [
    'upstream',
    'The model did not answer: it said {status}.',
    'Модель не відповіла: вона сказала {status}.',
  ],
  'routing.no_model': [
    'unavailable',
    'No model that the rules ask for is here: {wanted}.',
    'Тут немає моделі, якої вимагають правила: {wanted}.',
  ],
  'routing.too_costly': [
    'invalid',
    'An answer of {model} would cost more than the {limit} USD allowed.',
    'Відповідь {model} коштувала б більше за дозволені {limit} USD.',
  ],
})
