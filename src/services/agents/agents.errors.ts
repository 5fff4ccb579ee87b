import { catalogue } from '../../kernel/errors.ts'

export const agentsError = catalogue({
  'agents.agent_not_found': ['not_found', 'There is no such agent.', 'Такого агента немає.'],
  'agents.agent_not_active': [
    'conflict',
    '{name} does not answer now: its state is {state}.',
    '{name} зараз не відповідає: стан — {state}.',
  ],
  'agents.run_not_found': ['not_found', 'There is no such run.', 'Такого виклику немає.'],
  'agents.run_finished': [
    'conflict',
    'The answer is over already; there is nothing to stop.',
    'Відповідь уже завершено, спиняти нічого.',
  ],
  'agents.not_your_run': [
    'forbidden',
    'Only the one who asked can stop the answer.',
    'Зупинити відповідь може лише той, хто запитав.',
  ],
  'agents.too_long': [
    'timeout',
    'The answer was not finished within {seconds} s and was stopped.',
    'Відповідь не вклалася у {seconds} с, тож її зупинено.',
  ],
  'agents.empty_answer': [
    'upstream',
    'The language model ended without a word.',
    'Мовна модель завершила, не сказавши нічого.',
  ],
  'agents.model_unintelligible': [
    'upstream',
    'The language model’s answer could not be understood.',
    'Відповідь мовної моделі не вдалося зрозуміти.',
  ],
  'agents.gave_up': [
    'internal',
    'The answer broke off {attempts} times on our side and will not be tried again by itself.',
    'Відповідь обірвалася в нас {attempts} рази; сама вона більше не пробуватиме.',
  ],
})
