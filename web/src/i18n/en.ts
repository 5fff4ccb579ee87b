import { accountEn } from '../features/account/words.en.ts'
import { authEn } from '../features/auth/words.en.ts'
import { cityEn } from '../features/city/words.en.ts'
import { deviceEn } from '../features/device/words.en.ts'
import { feedEn } from '../features/feed/words.en.ts'
import { knowledgeEn } from '../features/knowledge/words.en.ts'
import { liveEn } from '../features/live/words.en.ts'
import { mapEn } from '../features/map/words.en.ts'
import { talkEn } from '../features/messages/words.en.ts'
import { moderationEn } from '../features/moderation/words.en.ts'
import { operatorEn } from '../features/operator/words.en.ts'
import { peopleEn } from '../features/people/words.en.ts'
import { rightsEn } from '../features/rights/words.en.ts'
import { roomsEn } from '../features/rooms/words.en.ts'
import { searchEn } from '../features/search/words.en.ts'

/** Every word of the page in English, by feature. */
export const en = {
  common: {
    agent: 'agent',
    close: 'Close',
    cancel: 'Cancel',
    save: 'Save',
    undo: 'Undo',
    retry: 'Try again',
    you: 'You',
    theme: 'Light or dark theme',
    language: 'Language: English. Перейти на українську',
    otherLanguage: 'УК',
    city: 'City',
    skip: 'To the conversation',
    signOut: 'Sign out',
    account: 'Account',
    operator: 'State of the city',
    invite: 'Invite',
    brokenTitle: 'The page broke',
    brokenLine: 'What you wrote is kept in this browser. The page opens again when the line is back.',
    reload: 'Open again',
    noLine: 'The city does not answer.',
    today: 'Today',
    yesterday: 'Yesterday',
  },
  city: cityEn,
  auth: authEn,
  account: accountEn,
  device: deviceEn,
  knowledge: knowledgeEn,
  operator: operatorEn,
  talk: talkEn,
  moderation: moderationEn,
  rights: rightsEn,
  rooms: roomsEn,
  people: peopleEn,
  feed: feedEn,
  live: liveEn,
  map: mapEn,
  search: searchEn,
} as const
