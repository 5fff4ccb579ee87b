import type { ColumnType, Generated } from 'kysely'
import type { MediaFacts } from '../../engines/media/media.ts'
import type { Failure } from '../../kernel/errors.ts'
import type { CalledRun, Citation, PartOutcome, PartType } from './messages.contract.ts'
import type { ReplyPolicy, Room } from './rooms.contract.ts'

/** The tables of the schema `city`, as Kysely knows them. */
export type CityTables = {
  'city.room': RoomTable
  'city.member': MemberTable
  'city.read_mark': ReadMarkTable
  'city.file': FileTable
  'city.thumbnail': ThumbnailTable
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

interface RoomTable {
  id: string
  slug: string
  name: string
  visibility: Room['visibility']
  reply_policy: Json<ReplyPolicy>
  seq: ColumnType<number | string | bigint, number | undefined, number>
  direct_of: string | null
  community_id: string | null
  created_by: string | null
  created_at: Time
}

interface MemberTable {
  room: string
  principal: string
  membership: 'owner' | 'member'
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
  duration_ms: number | null
  pages: number | null
  community_id: string | null
  created_at: Time
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
  type: 'message' | 'part' | 'runs'
  message: string
  part: number | null
  at: Time
}
