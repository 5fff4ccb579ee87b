import type { ColumnType, Generated } from 'kysely'
import type {
  CaseKind,
  CaseState,
  FilterRule,
  ModerationEntry,
  NewcomerLimits,
  Outcome,
  ReportReason,
} from '../moderation.contract.ts'

/** What moderation keeps. */
export type ModerationTables = {
  'city.room_filter': RoomFilterTable
  'city.policy': PolicyTable
  'city.arrival': ArrivalTable
  'city.sanction': SanctionTable
  'city.report': ReportTable
  'city.moderation_log': LogTable
}

type Time = ColumnType<Date | string, string, string>
type Later = ColumnType<Date | string | null, string | null | undefined, string | null>
type Json<T> = ColumnType<T, string, string>
type Absent<T> = ColumnType<T | null, T | null | undefined, T | null>

interface RoomFilterTable {
  room: string
  rules: Json<FilterRule[]>
}

interface PolicyTable {
  only_one: Generated<boolean>
  version: Generated<number>
  rules: Json<FilterRule[]>
  newcomers: Json<NewcomerLimits>
}

interface ArrivalTable {
  principal: string
  at: Time
}

interface SanctionTable {
  id: string
  room: string
  principal: string
  kind: 'mute' | 'ban'
  reason: string
  until: Later
  made_by: string
  made_at: Time
  lifted_by: Absent<string>
  lifted_at: Later
}

interface ReportTable {
  id: string
  kind: CaseKind
  state: ColumnType<CaseState, CaseState | undefined, CaseState>
  room: string | null
  message: Absent<string>
  part: Absent<number>
  subject: string
  reporter: Absent<string>
  reason: Absent<ReportReason>
  words: ColumnType<string, string | undefined, string>
  kept: Absent<string>
  body: ColumnType<unknown, string | null | undefined, string | null>
  client_id: Absent<string>
  sanction: Absent<string>
  outcome: Absent<Outcome>
  answer: Absent<string>
  taken_by: Absent<string>
  settled_by: Absent<string>
  settled_at: Later
  created_at: Time
}

interface LogTable {
  id: string
  at: Time
  actor: string
  action: ModerationEntry['action']
  subject: string | null
  room: string | null
  message: string | null
  reason: string | null
  until: Later
}
