import { cityEn } from '../features/city/words.en.ts'
import { deviceEn } from '../features/device/words.en.ts'
import { liveEn } from '../features/live/words.en.ts'
import { talkEn } from '../features/messages/words.en.ts'
import { moderationFirstEn } from '../features/moderation/words.first.en.ts'
import { bellEn } from '../features/notifications/words.en.ts'
import { peopleEn } from '../features/people/words.en.ts'
import { roomsEn } from '../features/rooms/words.en.ts'
import { searchEn } from '../features/search/words.en.ts'

/** The words in English that the first screens need: the frame of the page, and a room. */
export const firstEn = {
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
    feed: 'Feed',
    map: 'Map',
    knowledge: 'Knowledge',
    account: 'Account',
    operator: 'State of the city',
    invite: 'Invite',
    brokenTitle: 'The page broke',
    brokenLine: 'What you wrote is kept in this browser. The page opens again when the line is back.',
    reload: 'Open again',
    noLine: 'The city does not answer.',
    today: 'Today',
    more: 'Show more',
    yesterday: 'Yesterday',
  },
  bell: bellEn,
  city: cityEn,
  device: deviceEn,
  live: liveEn,
  moderation: moderationFirstEn,
  people: peopleEn,
  rooms: roomsEn,
  search: searchEn,
  talk: talkEn,
} as const
