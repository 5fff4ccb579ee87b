import { AppError, catalogue, type ErrorParams } from '../../kernel/errors.ts'

/** What `/ready` says of parts that have no failure of their own to tell. */
export const checkTold = catalogue({
  'check.no_answer': ['unavailable', 'It did not answer within 2 s.', 'Не відповіло за 2 с.'],
  'check.answered': ['unavailable', 'It answered {status}.', 'Відповіло {status}.'],
  'check.events': [
    'unavailable',
    '{outbox} to hand out, {pending} in work, {dead} given up',
    'чекають: {outbox}, у роботі: {pending}, облишено: {dead}',
  ],
  'check.tables': ['unavailable', 'Their tables cannot be read.', 'Їхні таблиці не читаються.'],
  'check.untold': [
    'unavailable',
    'It has not been told of the agents yet; is it running?',
    'Йому ще не сказано про агентів: чи воно працює?',
  ],
  'check.letters': [
    'unavailable',
    '{model} knows letters, not meaning. Install the model: npm run models -- pull multilingual-e5-small',
    '{model} знає літери, а не зміст. Встановіть модель: npm run models -- pull multilingual-e5-small',
  ],
  'check.file_refused': [
    'unavailable',
    '{detail}. What was read before stays.',
    '{detail}. Діє те, що було прочитано раніше.',
  ],
  'check.no_engine': ['unavailable', 'No engine is configured.', 'Рушія не налаштовано.'],
})

interface Told {
  readonly detail: string
  readonly code?: string
  readonly params?: ErrorParams
}

/** Why a part is as it is, as a check carries it: the English sentence, and its code for whoever says it in another language. */
export const told = (why: Error): Told =>
  why instanceof AppError
    ? { detail: why.message, code: why.code, params: why.params }
    : { detail: why.message }
