import { z } from 'zod'
import { del, get, post, put } from '../../kernel/contract.ts'
import { Author } from './messages.contract.ts'

export const ReportReason = z.enum(['spam', 'insult', 'threat', 'private', 'illegal', 'other'])
export type ReportReason = z.infer<typeof ReportReason>

/** What waits: a message or a person that somebody reported, a message with words the filter tells of, one that it holds back, an appeal. */
export const CaseKind = z.enum(['message', 'person', 'filter', 'held', 'appeal'])
export type CaseKind = z.infer<typeof CaseKind>
export const CaseState = z.enum(['open', 'taken', 'settled'])
export type CaseState = z.infer<typeof CaseState>

/** How a case ends. What is held is released or refused, an appeal is lifted or upheld; `gone`: what it was about was deleted. */
export const Outcome = z.enum([
  'dismissed',
  'removed',
  'muted',
  'banned',
  'released',
  'refused',
  'lifted',
  'upheld',
  'gone',
])
export type Outcome = z.infer<typeof Outcome>

/** How the filter looks: a word or a phrase in any form, case and look-alike letters, or a regular expression as RE2 knows it. */
export const FilterRule = z.object({
  kind: z.enum(['words', 'expression']),
  value: z.string().trim().min(1).max(200),
  /** Not taken at all, held for a moderator, or posted and reported. */
  action: z.enum(['refuse', 'hold', 'report']),
})
export type FilterRule = z.infer<typeof FilterRule>

/** What limits those who came lately: for the first days, and until they have said so many messages; 0 and 0 for nobody. */
export const NewcomerLimits = z.object({
  days: z.number().int().min(0).max(90),
  messages: z.number().int().min(0).max(100),
  /** Messages within a minute; 0 for as many as anybody. */
  perMinute: z.number().int().min(0).max(60),
  /** Whether they may post links, and files. */
  links: z.boolean(),
  files: z.boolean(),
})
export type NewcomerLimits = z.infer<typeof NewcomerLimits>

const Reason = z.string().trim().min(1).max(300)
const Place = z.object({ id: z.string(), slug: z.string(), name: z.string() })
const SanctionKind = z.enum(['mute', 'ban'])

export const Sanction = z.object({
  id: z.string(),
  room: Place,
  kind: SanctionKind,
  person: Author,
  reason: z.string(),
  /** Of a mute. */
  until: z.iso.datetime().nullable(),
  by: Author,
  at: z.iso.datetime(),
})
export type Sanction = z.infer<typeof Sanction>

/** A sanction as the one sees it whom it concerns; nobody is named. */
export const OwnSanction = Sanction.omit({ person: true, by: true }).extend({
  /** `none`: an appeal may still be sent, once. */
  appeal: z.enum(['none', 'waiting', 'upheld', 'lifted']),
  answer: z.string().nullable(),
})
export type OwnSanction = z.infer<typeof OwnSanction>

export const Case = z.object({
  id: z.string(),
  kind: CaseKind,
  state: CaseState,
  /** Null for a person reported in the city at large. */
  room: Place.nullable(),
  message: z.string().nullable(),
  /** Who is reported, whose words are held, who appeals. */
  subject: Author,
  /** Null where the filter reported. */
  reporter: Author.nullable(),
  reason: ReportReason.nullable(),
  /** What the reporter, or who appeals, adds. */
  words: z.string(),
  /** What the message said when it was reported; null once the case is settled or the message deleted. */
  kept: z.string().nullable(),
  createdAt: z.iso.datetime(),
  takenBy: Author.nullable(),
  outcome: Outcome.nullable(),
  answer: z.string().nullable(),
  /** Of an appeal. */
  sanction: z
    .object({
      kind: SanctionKind,
      reason: z.string(),
      until: z.iso.datetime().nullable(),
      at: z.iso.datetime(),
    })
    .nullable(),
  /** How the asker may settle it. */
  may: z.array(Outcome),
})
export type Case = z.infer<typeof Case>

export const ModerationEntry = z.object({
  id: z.string(),
  at: z.iso.datetime(),
  actor: Author,
  action: z.enum([
    ...Outcome.exclude(['gone']).options,
    'unmuted',
    'unbanned',
    'slow_changed',
    'filter_changed',
    'policy_changed',
    'quota_changed',
  ]),
  subject: Author.nullable(),
  room: Place.nullable(),
  message: z.string().nullable(),
  reason: z.string().nullable(),
  until: z.iso.datetime().nullable(),
})
export type ModerationEntry = z.infer<typeof ModerationEntry>

const RoomModeration = z.object({
  /** Seconds between two messages of one person; 0 for none. */
  slowSeconds: z.number().int().min(0).max(21_600),
  rules: z.array(FilterRule).max(200),
})
const CityModeration = z.object({ rules: z.array(FilterRule).max(500), newcomers: NewcomerLimits })

const inRoom = z.object({ room: z.string() })
const onPerson = inRoom.extend({ principal: z.string() })
const Done = z.object({ done: z.literal(true) })

/** Keeping talk fit to live with. Rooms are kept by their owners and moderators; what is reported goes to those who run the city as well. */
export const moderationOperations = {
  report: post('/api/city/reports', {
    right: 'city.report.open',
    summary: 'Report a message, or a person; the reported never learns who did. The same again is one report',
    status: 201,
    input: z.object({
      message: z.string().optional(),
      person: z.string().optional(),
      /** Where the person did it; whoever keeps that room sees the report. */
      room: z.string().optional(),
      reason: ReportReason,
      words: z.string().trim().max(1000).default(''),
    }),
    output: z.object({ id: z.string(), state: CaseState }),
    errors: ['not_found', 'invalid', 'conflict'],
  }),
  reports: get('/api/city/reports', {
    right: 'city.report.read',
    summary: 'What waits for those who keep rooms: mine to settle, oldest first; settled ones newest first',
    input: z.object({
      state: z.enum(['waiting', 'settled']).default('waiting'),
      room: z.string().optional(),
      limit: z.number().int().min(1).max(100).default(30),
      after: z.string().max(100).optional(),
    }),
    output: z.object({ items: z.array(Case), next: z.string().optional() }),
    errors: ['not_found'],
  }),
  waitingReports: get('/api/city/reports/count', {
    right: 'city.report.read',
    summary: 'How many cases wait for me; null where I keep nothing',
    input: z.object({}),
    output: z.object({ waiting: z.number().int().nullable() }),
  }),
  takeReport: post('/api/city/reports/:report/take', {
    right: 'city.report.change',
    summary: 'Take a case, so that the others see who is at it; or put it back',
    input: z.object({ report: z.string(), take: z.boolean().default(true) }),
    output: Case,
    errors: ['conflict'],
  }),
  settleReport: post('/api/city/reports/:report/settle', {
    right: 'city.report.change',
    summary: 'Settle a case; what that means is done in the same moment',
    input: z.object({
      report: z.string(),
      outcome: Outcome.exclude(['gone']),
      /** Why: the one it concerns reads it. */
      reason: Reason.optional(),
      /** Of a mute. */
      until: z.iso.datetime().optional(),
    }),
    output: Case,
    errors: ['forbidden', 'conflict', 'invalid'],
  }),
  mute: put('/api/city/rooms/:room/mutes/:principal', {
    right: 'city.sanction.open',
    summary: 'Mute somebody in a room until a time: they read and do not write',
    input: onPerson.extend({ reason: Reason, until: z.iso.datetime() }),
    output: Sanction,
    errors: ['forbidden', 'conflict', 'invalid'],
  }),
  unmute: del('/api/city/rooms/:room/mutes/:principal', {
    right: 'city.sanction.remove',
    summary: 'Let somebody write again',
    input: onPerson,
    output: Done,
    errors: ['forbidden', 'conflict'],
  }),
  ban: put('/api/city/rooms/:room/bans/:principal', {
    right: 'city.sanction.open',
    summary: 'Put somebody out of a room and keep them out',
    input: onPerson.extend({ reason: Reason }),
    output: Sanction,
    errors: ['forbidden', 'conflict'],
  }),
  unban: del('/api/city/rooms/:room/bans/:principal', {
    right: 'city.sanction.remove',
    summary: 'Let somebody come back into a room, as anybody else may',
    input: onPerson,
    output: Done,
    errors: ['forbidden', 'conflict'],
  }),
  sanctions: get('/api/city/rooms/:room/sanctions', {
    right: 'city.sanction.read',
    summary: 'Who is muted in a room or banned from it, for those who keep it',
    input: inRoom,
    output: z.object({ items: z.array(Sanction) }),
    errors: ['forbidden', 'conflict'],
  }),
  mySanctions: get('/api/city/sanctions', {
    right: 'city.standing.read',
    summary: 'Where I am muted or banned, why, and until when',
    input: z.object({}),
    output: z.object({ items: z.array(OwnSanction) }),
  }),
  appeal: post('/api/city/sanctions/:sanction/appeal', {
    right: 'city.appeal.open',
    summary: 'Ask the moderators to look again, once for each sanction',
    status: 201,
    input: z.object({ sanction: z.string(), words: z.string().trim().min(1).max(1000) }),
    output: OwnSanction,
    errors: ['conflict'],
  }),
  standing: get('/api/city/rooms/:room/standing', {
    right: 'city.standing.read',
    summary: 'What holds me back in a room now',
    input: inRoom,
    output: z.object({
      slowSeconds: z.number().int(),
      /** Until I may write again. */
      waitSeconds: z.number().int(),
      muted: OwnSanction.nullable(),
      newcomer: NewcomerLimits.pick({ links: true, files: true, perMinute: true }).nullable(),
    }),
  }),
  roomModeration: get('/api/city/rooms/:room/moderation', {
    right: 'city.moderation.read',
    summary: 'How a room is moderated, for those who keep it',
    input: inRoom,
    output: RoomModeration,
    errors: ['forbidden', 'conflict'],
  }),
  moderateRoom: put('/api/city/rooms/:room/moderation', {
    right: 'city.moderation.change',
    summary: 'Change how a room is moderated; a rule that cannot be run is refused with its place',
    input: inRoom.extend(RoomModeration.shape),
    output: RoomModeration,
    errors: ['forbidden', 'conflict', 'invalid'],
  }),
  cityModeration: get('/api/city/moderation', {
    right: 'city.moderation.read',
    summary: 'What holds in every room',
    access: 'operator',
    input: z.object({}),
    output: CityModeration,
  }),
  moderateCity: put('/api/city/moderation', {
    right: 'city.moderation.change',
    summary: 'Change what holds in every room',
    access: 'operator',
    input: CityModeration,
    output: CityModeration,
    errors: ['invalid'],
  }),
  moderationLog: get('/api/city/moderation/log', {
    right: 'city.moderation.read',
    summary:
      'What moderators did, newest first: in a room for those who keep it, everywhere for those who run the city',
    input: z.object({
      room: z.string().optional(),
      limit: z.number().int().min(1).max(100).default(50),
      after: z.string().max(100).optional(),
    }),
    output: z.object({ items: z.array(ModerationEntry), next: z.string().optional() }),
    errors: ['forbidden', 'not_found', 'conflict'],
  }),
}
