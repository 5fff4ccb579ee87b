import { accountUk } from '../features/account/words.uk.ts'
import { authUk } from '../features/auth/words.uk.ts'
import { cityUk } from '../features/city/words.uk.ts'
import { deviceUk } from '../features/device/words.uk.ts'
import { feedUk } from '../features/feed/words.uk.ts'
import { knowledgeUk } from '../features/knowledge/words.uk.ts'
import { liveUk } from '../features/live/words.uk.ts'
import { mapUk } from '../features/map/words.uk.ts'
import { talkUk } from '../features/messages/words.uk.ts'
import { moderationUk } from '../features/moderation/words.uk.ts'
import { operatorUk } from '../features/operator/words.uk.ts'
import { peopleUk } from '../features/people/words.uk.ts'
import { rightsUk } from '../features/rights/words.uk.ts'
import { roomsUk } from '../features/rooms/words.uk.ts'
import { searchUk } from '../features/search/words.uk.ts'

/** Every word of the page in Ukrainian, by feature. */
export const uk = {
  common: {
    agent: 'агент',
    close: 'Закрити',
    cancel: 'Скасувати',
    save: 'Зберегти',
    undo: 'Повернути',
    retry: 'Спробувати ще раз',
    you: 'Ви',
    theme: 'Світла або темна тема',
    language: 'Мова: українська. Switch to English',
    otherLanguage: 'EN',
    city: 'Місто',
    skip: 'До розмови',
    signOut: 'Вийти',
    account: 'Обліковий запис',
    operator: 'Стан міста',
    invite: 'Запросити',
    brokenTitle: 'Сторінка зламалася',
    brokenLine:
      'Написане вами збережено в цьому браузері. Щойно зв’язок з’явиться, сторінку можна відкрити знову.',
    reload: 'Відкрити знову',
    noLine: 'Місто не відповідає.',
    today: 'Сьогодні',
    yesterday: 'Учора',
  },
  city: cityUk,
  auth: authUk,
  account: accountUk,
  device: deviceUk,
  knowledge: knowledgeUk,
  operator: operatorUk,
  talk: talkUk,
  moderation: moderationUk,
  rights: rightsUk,
  rooms: roomsUk,
  people: peopleUk,
  feed: feedUk,
  live: liveUk,
  map: mapUk,
  search: searchUk,
} as const
