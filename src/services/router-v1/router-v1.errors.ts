import { catalogue } from '../../kernel/errors.ts'

export const routerV1Error = catalogue({
  'router_v1.text_only': [
    'unsupported',
    'Router v1 takes text alone; {found} goes to /api/router/v2/route.',
    'Router v1 приймає лише текст; {found} приймає /api/router/v2/route.',
  ],
  'router_v1.system_prompt': [
    'forbidden',
    'Only services and those who run the city may set a system prompt.',
    'Системну підказку задають лише сервіси й ті, хто керує містом.',
  ],
})
