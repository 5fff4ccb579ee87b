import { catalogue } from '../../kernel/errors.ts'

export const llmProxyError = catalogue({
  'llm_proxy.model_unknown': [
    'not_found',
    'There is no model {model} here. There are: {models}.',
    'Моделі {model} тут немає. Є: {models}.',
  ],
})
