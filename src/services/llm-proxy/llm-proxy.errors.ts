import { catalogue } from '../../kernel/errors.ts'

export const llmProxyError = catalogue({
  'llm_proxy.model_unknown': [
    'not_found',
    'There is no model {model} here. There are: {models}.',
    'Моделі {model} тут немає. Є: {models}.',
  ],
  'llm_proxy.none_fits': [
    'invalid',
    'No model behind {model} can take this request ({why}).',
    'Жодна модель за {model} не візьме цього запиту ({why}).',
  ],
  'llm_proxy.stays_here': [
    'forbidden',
    'This community’s words stay on this node, and {model} is elsewhere.',
    'Слова цієї спільноти не виходять із цього вузла, а {model} деінде.',
  ],
  'llm_proxy.resting': [
    'unavailable',
    '{provider} has failed and is asked again in {seconds} s.',
    '{provider} не відповідав; наступна спроба за {seconds} с.',
  ],
  'llm_proxy.key_missing': [
    'upstream',
    'The key of {provider} is not set: {variable}.',
    'Ключа для {provider} не задано: {variable}.',
  ],
  'llm_proxy.provider_full': [
    'rate_limited',
    '{provider} has {limit} answers under way, as many as it may.',
    '{provider} готує вже {limit} відповідей, більше одночасно не можна.',
  ],
  'llm_proxy.budget_spent': [
    'rate_limited',
    'The budget is used up: {limit} for this {kind}, at most {amount}.',
    'Бюджет вичерпано: {limit}, {kind}, щонайбільше {amount}.',
  ],
  'llm_proxy.ledger_unavailable': [
    'unavailable',
    'What this costs cannot be counted now, so it is not done. Next try in {seconds} s.',
    'Зараз неможливо порахувати, скільки це коштує, тож цього не зроблено. Наступна спроба за {seconds} с.',
  ],
  'llm_proxy.file_changed': [
    'conflict',
    'The file was changed meanwhile. Open it anew and make your change there.',
    'Файл тим часом змінили. Відкрийте його знову й зробіть зміну там.',
  ],
  'llm_proxy.reservation_unknown': [
    'not_found',
    'There is no such reservation that is still open.',
    'Такого відкритого резерву немає.',
  ],
  'llm_proxy.too_slow_reader': [
    'timeout',
    'The answer was not read for {seconds} s and was stopped.',
    'Відповідь не читали {seconds} с, тож її зупинено.',
  ],
})
