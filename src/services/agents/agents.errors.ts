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
  'agents.slug_taken': ['conflict', 'There is an agent {slug} already.', 'Агент {slug} уже є.'],
  'agents.template_not_found': ['not_found', 'There is no such template.', 'Такої заготовки немає.'],
  'agents.tool_unknown': ['invalid', 'There is no tool {tool}.', 'Інструмента {tool} немає.'],
  'agents.version_not_found': ['not_found', 'There is no such version.', 'Такої версії немає.'],
  'agents.changed_meanwhile': [
    'conflict',
    'Somebody changed this meanwhile; version {version} is in force now.',
    'Тим часом хтось це змінив; тепер чинна версія {version}.',
  ],
  'agents.archived': [
    'conflict',
    'An archived agent stays as it is. Make it a draft first.',
    'Архівний агент лишається, яким є. Спершу зробіть його чернеткою.',
  ],
  'agents.prompts_are_kept': [
    'forbidden',
    'Only those who run the city try other prompts.',
    'Інші підказки пробують лише ті, хто керує містом.',
  ],
  'agents.needs_model': [
    'unavailable',
    '{name} needs a language model, and the city has none. The operator sets LLM_URL and LLM_MODEL.',
    '{name} потребує мовної моделі, а в місті її немає. Оператор задає LLM_URL і LLM_MODEL.',
  ],
  'agents.rooms_absent': ['unavailable', 'Rooms are not reachable from here.', 'Кімнати звідси недосяжні.'],
  'agents.over_tokens': [
    'rate_limited',
    'The answer would take more than {tokens} tokens and was stopped.',
    'Відповідь потребує понад {tokens} токенів, тож її зупинено.',
  ],
  'agents.over_cost': [
    'rate_limited',
    'The answer would cost more than {usd} USD and was stopped.',
    'Відповідь коштувала б понад {usd} USD, тож її зупинено.',
  ],
  'agents.approval_not_found': [
    'not_found',
    'There is nothing of the kind to decide.',
    'Вирішувати тут нічого.',
  ],
  'agents.approval_decided': ['conflict', 'It is decided already: {state}.', 'Це вже вирішено: {state}.'],
  'agents.not_yours_to_decide': [
    'forbidden',
    'Only the one who asked the agent decides this.',
    'Це вирішує лише той, хто запитав агента.',
  ],
  'agents.not_for_always': [
    'forbidden',
    'Once for all in a room is for those who keep it.',
    'Раз і назавжди в кімнаті дозволяють ті, хто про неї дбає.',
  ],
  'agents.tool_refused': [
    'forbidden',
    'This is not in the agent’s mandate.',
    'Цього немає в мандаті агента.',
  ],
  'agents.no_answer_yet': [
    'conflict',
    'There is no answer here to judge.',
    'Тут немає відповіді, яку можна оцінити.',
  ],
  'agents.agents_do_not_ask': [
    'forbidden',
    'Agents do not call agents; only people do.',
    'Агенти не викликають агентів, лише люди.',
  ],
  'agents.nobody_to_ask': [
    'forbidden',
    'There is no such agent to ask from here: each works once in a chain, three at most, and in a room only those it lists.',
    'Звідси такого агента не запитати: кожен у ланцюжку раз, щонайбільше три, а в кімнаті лише ті, кого вона називає.',
  ],
  'agents.too_many_pieces': [
    'rate_limited',
    'One answer gives no more than 16 pieces of work away.',
    'Одна відповідь доручає щонайбільше 16 частин роботи.',
  ],
  'agents.tool_absent': [
    'unavailable',
    'The city has nothing here to do this with.',
    'Місту тут немає чим це зробити.',
  ],
  'agents.tool_input': [
    'invalid',
    'The tool cannot take this: {detail}',
    'Інструмент цього не приймає: {detail}',
  ],
  'agents.address_not_given': [
    'forbidden',
    'Only addresses that the asker named or the web search found are opened.',
    'Відкриваються лише адреси, які назвав той, хто питає, або знайшов пошук.',
  ],
  'agents.words_not_given': [
    'forbidden',
    'Words that the asker did not write do not leave a closed room.',
    'Слова, яких не писав той, хто питає, закриту кімнату не полишають.',
  ],
  'agents.expression': ['invalid', 'This cannot be calculated: {detail}', 'Цього не обчислити: {detail}'],
  'agents.outcome_unknown': [
    'internal',
    'The work broke off while this was done; whether it happened is not known, and it is not done again.',
    'Роботу обірвано, коли це робилося; чи сталося — невідомо, і вдруге цього не роблять.',
  ],
  'agents.servers_absent': [
    'unavailable',
    'This city is not set up to use tools of other servers.',
    'Це місто не налаштоване вживати інструменти інших серверів.',
  ],
  'agents.server_not_found': ['not_found', 'There is no such server.', 'Такого сервера немає.'],
  'agents.server_taken': ['conflict', 'There is a server {slug} already.', 'Сервер {slug} уже є.'],
  'agents.server_in_file': [
    'conflict',
    'The server {slug} stands in config/mcp.yaml: it is changed there.',
    'Сервер {slug} записано в config/mcp.yaml: міняють його там.',
  ],
  'agents.server_key_missing': [
    'invalid',
    'A server that lets in by a key needs one.',
    'Сервер, що впускає за ключем, потребує ключа.',
  ],
  'agents.server_down': [
    'unavailable',
    'The server of tools {server} does not answer now; it is tried again by itself.',
    'Сервер інструментів {server} зараз не відповідає; до нього пробуватимуть знову самі.',
  ],
  'agents.server_unconnected': [
    'unavailable',
    'The server of tools {server} waits until those who run the city connect it.',
    'Сервер інструментів {server} чекає, доки його під’єднають ті, хто керує містом.',
  ],
  'agents.server_failed': [
    'upstream',
    'The server of tools {server} answered what cannot be used.',
    'Сервер інструментів {server} відповів таким, що вжити не можна.',
  ],
  'agents.server_ended': [
    'unavailable',
    'The program of the server {server} ended.',
    'Програма сервера {server} завершилася.',
  ],
  'agents.authorisation_not_found': [
    'not_found',
    'No connecting waits for this any more. Begin it again on the page of servers.',
    'Такого під’єднання вже не чекають. Почніть його знову на сторінці серверів.',
  ],
  'agents.over_day': [
    'rate_limited',
    'The agent has used up what its mandate allows for a day; it goes on after midnight UTC.',
    'Агент вичерпав денну межу свого мандата; продовжить після півночі за UTC.',
  ],
  'agents.automation_not_found': ['not_found', 'There is no such automation.', 'Такої автоматизації немає.'],
  'agents.automations_many': [
    'conflict',
    'One person keeps {limit} automations at most.',
    'Одна людина тримає щонайбільше {limit} автоматизацій.',
  ],
  'agents.automation_silent': [
    'forbidden',
    'An agent runs by itself only where its owner may speak.',
    'Агент діє сам лише там, де може говорити його власник.',
  ],
  'agents.agent_not_in_room': [
    'conflict',
    'The agent does not belong to this room. Let it in first.',
    'Агент не належить до цієї кімнати. Спершу впустіть його.',
  ],
  'agents.owner_gone': [
    'forbidden',
    'Whoever lent it their rights is no longer in the city.',
    'Того, хто дав свої права, вже немає в місті.',
  ],
  'agents.automation_agent': ['conflict', 'Its agent does not answer now.', 'Її агент зараз не відповідає.'],
  'agents.automation_often': [
    'rate_limited',
    'It ran {times} times within an hour already; this time was let pass.',
    'За годину вона вже спрацювала {times} разів; цей раз пропущено.',
  ],
  'agents.schedule_unreadable': [
    'invalid',
    'These times cannot be read. Five fields are needed, such as 0 9 * * 1, and a zone such as Europe/Kyiv.',
    'Ці години не читаються. Потрібні п’ять полів, як-от 0 9 * * 1, і пояс, як-от Europe/Kyiv.',
  ],
  'agents.schedule_never': ['invalid', 'These times never come.', 'Ці години ніколи не настануть.'],
  'agents.schedule_too_often': [
    'invalid',
    'An agent runs every {minutes} minutes at most.',
    'Агент діє щонайчастіше раз на {minutes} хвилин.',
  ],
  'agents.document_not_read_yet': [
    'unavailable',
    'The document is still being read.',
    'Документ ще читається.',
  ],
})
