import { catalogue } from '../../kernel/errors.ts'

export const routerError = catalogue({
  'router.asker_unknown': [
    'not_found',
    'Whoever asked is no longer known here, so nobody answers.',
    'Того, хто запитав, тут більше немає, тож відповіді не буде.',
  ],
})
