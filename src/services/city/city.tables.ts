import type { ColumnType, Generated } from 'kysely'
import type { MediaFacts } from '../../engines/media/media.ts'
import type { Failure } from '../../kernel/errors.ts'
import type { FeedTables } from './feed/feed.tables.ts'
import type { LiveTables } from './live/live.tables.ts'
import type { NumberedFrame } from './log.contract.ts'
import type { MapTables } from './map/map.tables.ts'
import type { TalkTables } from './messages/messages.tables.ts'
import type { Author, CalledRun, Citation, PartOutcome, PartType } from './messages.contract.ts'
import type { ModerationTables } from './moderation/moderation.tables.ts'
import type { NotifyTables } from './notify/notify.tables.ts'
import type { RoomTables } from './rooms/rooms.tables.ts'
import type { Membership, ReplyPolicy, Room } from './rooms.contract.ts'
import type { SearchTables } from './search/search.tables.ts'
import type { TransferTables } from './transfers/transfers.tables.ts'

/** The tables of the schema `city`, as Kysely knows them. */
export type CityTables = SearchTables &
  LiveTables &
  RoomTables &
  MapTables &
  FeedTables &
  NotifyTables &
  TalkTables &
  ModerationTables &
  TransferTables & {
    'city.room': RoomTable
    'city.member': MemberTable
    'city.read_mark': ReadMarkTable
    'city.file': FileTable
    'city.thumbnail': ThumbnailTable
    'city.waveform': WaveformTable
    'city.room_quota': RoomQuotaTable
    'city.person_quota': PersonQuotaTable
    'city.message': MessageTable
    'city.part': PartTable
    'city.call': CallTable
    'city.event': EventTable
  }

/** Drivers hand a bigint out as a number or as text: read it with `Number()`. */
type BigInt8 = ColumnType<number | string | bigint, number, number>
/** Written as text, so that no driver takes an array for one of its own. */
type Json<T> = ColumnType<T, string, string>
type Time = ColumnType<Date | string, string, string>
type Later = ColumnType<Date | string | null, string | null | undefined, string | null>
type Absent<T> = ColumnType<T | null, T | null | undefined, T | null>

export interface ReactionDetail {
  readonly by: string
  readonly emoji: string
  readonly on: boolean
}

interface RoomTable {
  id: string
  slug: string
  name: string
  visibility: Room['visibility']
  reply_policy: Json<ReplyPolicy>
  seq: ColumnType<number | string | bigint, number | undefined, number>
  direct_of: string | null
  direct_key: string | null
  topic: ColumnType<string, string | undefined, string>
  picture: string | null
  joining: ColumnType<Room['joining'], Room['joining'] | undefined, Room['joining']>
  archived_at: ColumnType<Date | string | null, string | null | undefined, string | null>
  search: string | null
  slow_seconds: Generated<number>
  filter_version: Generated<number>
  community_id: string | null
  created_by: string | null
  created_at: Time
}

interface MemberTable {
  room: string
  principal: string
  membership: Membership
  joined_at: Time
}

interface ReadMarkTable {
  room: string
  principal: string
  seq: BigInt8
}

interface FileTable {
  id: string
  owner: string
  sha256: string
  name: string
  mime: string
  size_bytes: BigInt8
  kind: MediaFacts['kind']
  width: number | null
  height: number | null
  blurhash: string | null
  duration_ms: number | null
  pages: number | null
  upload: string | null
  community_id: string | null
  created_at: Time
}

interface RoomQuotaTable {
  room: string
  limit_bytes: BigInt8
}

interface PersonQuotaTable {
  principal: string
  limit_bytes: BigInt8
}

interface WaveformTable {
  sha256: string
  bars: Json<number[]>
}

interface ThumbnailTable {
  sha256: string
  edge: number
  blob: string
  size_bytes: BigInt8
}

interface MessageTable {
  id: string
  room: string
  seq: BigInt8
  author: string
  author_kind: 'person' | 'agent' | 'service'
  author_name: string
  client_id: string
  body_hash: string
  text: string
  reply_to: string | null
  run: string | null
  citations: ColumnType<Citation[] | null, string | null, string | null>
  engine: string | null
  created_at: Time
  edited_at: Later
  deleted_at: Later
  deleted_by: Absent<string>
  deleted_reason: Absent<string>
  thread: Absent<string>
  replaces: Absent<string>
  forwarded_from: Absent<string>
  forwarded_room: Absent<string>
  forwarded_author: ColumnType<Author | null, string | null | undefined, string | null>
  forwarded_at: Later
  dressed: Generated<boolean>
}

interface PartTable {
  message: string
  index: number
  room: string
  type: PartType
  file: string
  state: 'pending' | 'done' | 'failed'
  attempt: Generated<number>
  outcome: ColumnType<PartOutcome, string | undefined, string>
  corrected: Generated<boolean>
}

interface CallTable {
  run: string
  message: string
  agent: string
  name: string
  state: CalledRun['state']
  error: ColumnType<Failure | null, string | null, string | null>
  created_at: Time
}

interface EventTable {
  room: string
  seq: BigInt8
  type: NumberedFrame['type']
  message: string
  part: number | null
  /** Who reacted with what; null for every other type, and once the message is deleted. */
  detail: ColumnType<ReactionDetail | null, string | null | undefined, string | null>
  at: Time
}
