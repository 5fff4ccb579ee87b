import { z } from 'zod'
import { del, get, patch, post } from '../../kernel/contract.ts'
import { Author } from './messages.contract.ts'

/** Why one is told: called by name, everybody in the room, everybody who was there; a reply, an agent's answer to what I asked; said in a direct room, or anywhere where I am told of everything. */
export const NotificationKind = z.enum(['mention', 'room', 'here', 'reply', 'answer', 'direct', 'message'])
export type NotificationKind = z.infer<typeof NotificationKind>

export const Notification = z.object({
  id: z.string(),
  kind: NotificationKind,
  at: z.iso.datetime(),
  /** Whether it was seen: here, or where it was said. */
  read: z.boolean(),
  room: z.object({ id: z.string(), slug: z.string(), name: z.string() }),
  message: z.string(),
  /** The root of the thread it stands in. */
  thread: z.string().nullable(),
  author: Author,
  /** The first words of the message as it stands now. */
  text: z.string(),
})
export type Notification = z.infer<typeof Notification>

const zones = new Map<string, boolean>()
const MAX_ZONES = 1000
/** Whether the name is one of a time zone, such as `Europe/Kyiv`. */
function isZone(name: string): boolean {
  const known = zones.get(name)
  if (known !== undefined) return known
  let there = true
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
  } catch {
    there = false
  }
  if (zones.size < MAX_ZONES) zones.set(name, there)
  return there
}
const Zone = z.string().max(60).refine(isZone, 'no such time zone')
const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/)

/** Every day from one time to another, over midnight where `to` is earlier. */
export const Quiet = z.object({ from: TimeOfDay, to: TimeOfDay, zone: Zone })
export type Quiet = z.infer<typeof Quiet>

export const NotificationSettings = z.object({
  /** `mentions`: what is meant for me (calls, replies, answers, direct rooms). `all`: besides, every message of the rooms that tell me of everything. */
  level: z.enum(['all', 'mentions', 'none']),
  quiet: Quiet.nullable(),
  doNotDisturbUntil: z.iso.datetime().nullable(),
  /** Whether the browsers that were allowed to are woken. */
  push: z.boolean(),
  /** Whether a push holds who spoke and the first words, or only what happened where. */
  words: z.boolean(),
  digest: z.enum(['off', 'daily', 'weekly']),
  /** In which the morning of the digest is reckoned. */
  zone: Zone,
})
export type NotificationSettings = z.infer<typeof NotificationSettings>

const Key = z
  .string()
  .max(200)
  .regex(/^[\w-]+={0,2}$/)
const Unread = z.object({ unread: z.number().int() })

export const notificationOperations = {
  notifications: get('/api/city/notifications', {
    right: 'city.notification.read',
    summary: 'What I am told of, newest first; only what I may still read',
    input: z.object({
      limit: z.number().int().min(1).max(100).default(30),
      /** `next` of the page before. */
      after: z.string().max(200).optional(),
    }),
    output: Unread.extend({ items: z.array(Notification), next: z.string().optional() }),
  }),
  readNotifications: post('/api/city/notifications/read', {
    right: 'city.notification.change',
    summary: 'Mark notifications as read: these, or all',
    input: z.object({ ids: z.array(z.string().max(200)).max(200).optional() }),
    output: Unread,
  }),
  notificationSettings: get('/api/city/notifications/settings', {
    right: 'city.notification.read',
    summary: 'What I want to be told, and when',
    input: z.object({}),
    output: NotificationSettings,
  }),
  changeNotificationSettings: patch('/api/city/notifications/settings', {
    right: 'city.notification.change',
    summary: 'Change what I want to be told; what is not named stays',
    input: NotificationSettings.partial(),
    output: NotificationSettings,
  }),
  push: get('/api/city/push', {
    right: 'city.push.read',
    summary: 'The public key a browser subscribes with; null where this city wakes nobody',
    input: z.object({}),
    output: z.object({ key: z.string().nullable() }),
  }),
  subscribePush: post('/api/city/push', {
    right: 'city.push.change',
    summary: 'Let this browser be woken; beyond ten, the oldest makes room',
    input: z.object({
      endpoint: z.string().max(1000),
      keys: z.object({ p256dh: Key, auth: Key }),
      /** The language it is told in. */
      locale: z.enum(['uk', 'en']).default('en'),
    }),
    output: z.object({ done: z.literal(true) }),
    errors: ['conflict', 'unsupported'],
  }),
  unsubscribePush: del('/api/city/push', {
    right: 'city.push.change',
    summary: 'Let this browser sleep; without an address, all of mine',
    input: z.object({ endpoint: z.string().max(1000).optional() }),
    output: z.object({ done: z.literal(true) }),
  }),
}
