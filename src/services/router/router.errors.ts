import { catalogue } from '../../kernel/errors.ts'

export const routerError = catalogue({
  'router.no_v2': [
    'unavailable',
    'Router v2 does not run here, and Router v1 answers words alone.',
    'Router v2 тут не запущено, а Router v1 відповідає лише на слова.',
  ],
  'router.asker_unknown': [
    'not_found',
    'Whoever asked is no longer known here, so nobody answers.',
    'Того, хто запитав, тут більше немає, тож відповіді не буде.',
  ],
})
