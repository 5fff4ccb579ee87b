import { catalogue } from '../../kernel/errors.ts'

export const eventsError = catalogue({
  'events.unreadable': [
    'internal',
    'The event {name} has a shape that {consumer} cannot read.',
    'Подія {name} має вигляд, якого {consumer} не може прочитати.',
  ],
  'events.killed': [
    'internal',
    'The process ended {times} times while this was under way, so it was set aside.',
    'Процес обривався {times} рази, поки це виконувалося, тож це відкладено.',
  ],
  'events.job_lost': [
    'conflict',
    'This try took too long and was handed on; nothing was stored by it.',
    'Ця спроба тривала задовго, тож її передано далі; вона нічого не зберегла.',
  ],
  'events.committed': ['conflict', 'This event has been handled already.', 'Цю подію вже опрацьовано.'],
  'events.transport_down': [
    'unavailable',
    'Events cannot be carried to other processes now. They are kept and go out when the way is open.',
    'Події зараз не доходять до інших процесів. Вони збережені й підуть, щойно шлях відкриється.',
  ],
})
