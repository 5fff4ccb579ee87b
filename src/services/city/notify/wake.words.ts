import type { NotificationKind } from '../notifications.contract.ts'

type Sentences = Readonly<Record<NotificationKind, (room: string) => string>>

const UK: Sentences = {
  mention: (room) => `Вас згадали: ${room}`,
  room: (room) => `Кличуть усіх: ${room}`,
  here: (room) => `Кличуть усіх: ${room}`,
  reply: (room) => `Вам відповіли: ${room}`,
  answer: (room) => `Відповідь готова: ${room}`,
  direct: () => 'Вам написали',
  message: (room) => `Нове в кімнаті: ${room}`,
}

const EN: Sentences = {
  mention: (room) => `You were mentioned in ${room}`,
  room: (room) => `Everybody is called in ${room}`,
  here: (room) => `Everybody is called in ${room}`,
  reply: (room) => `A reply to you in ${room}`,
  answer: (room) => `The answer is ready in ${room}`,
  direct: () => 'Somebody wrote to you',
  message: (room) => `New in ${room}`,
}

/** What happened where, in one line of a reader's language. */
export const wakeWords = (locale: 'uk' | 'en', kind: NotificationKind, room: string): string =>
  (locale === 'uk' ? UK : EN)[kind](room)
