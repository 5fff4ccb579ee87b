import { cityUk } from '../features/city/words.uk.ts'
import { deviceUk } from '../features/device/words.uk.ts'
import { liveUk } from '../features/live/words.uk.ts'
import { talkUk } from '../features/messages/words.uk.ts'
import { moderationFirstUk } from '../features/moderation/words.first.uk.ts'
import { bellUk } from '../features/notifications/words.uk.ts'
import { peopleUk } from '../features/people/words.uk.ts'
import { roomsUk } from '../features/rooms/words.uk.ts'
import { searchUk } from '../features/search/words.uk.ts'

/** The words in Ukrainian that the first screens need: the frame of the page, and a room. */
export const firstUk = {
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
    feed: 'Стрічка',
    map: 'Мапа',
    knowledge: 'Знання',
    account: 'Обліковий запис',
    operator: 'Стан міста',
    invite: 'Запросити',
    brokenTitle: 'Сторінка зламалася',
    brokenLine:
      'Написане вами збережено в цьому браузері. Щойно зв’язок з’явиться, сторінку можна відкрити знову.',
    reload: 'Відкрити знову',
    noLine: 'Місто не відповідає.',
    today: 'Сьогодні',
    more: 'Показати ще',
    yesterday: 'Учора',
  },
  bell: bellUk,
  city: cityUk,
  device: deviceUk,
  live: liveUk,
  moderation: moderationFirstUk,
  people: peopleUk,
  rooms: roomsUk,
  search: searchUk,
  talk: talkUk,
} as const
