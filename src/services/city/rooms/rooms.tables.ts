import type { ColumnType, Generated } from 'kysely'
import type { Membership, Notify } from '../rooms.contract.ts'

/** What is kept beside rooms and members: preferences, links in, requests. */
export type RoomTables = {
  'city.room_preference': RoomPreferenceTable
  'city.room_invitation': RoomInvitationTable
  'city.join_request': JoinRequestTable
}

type Time = ColumnType<Date | string, string, string>

interface RoomPreferenceTable {
  room: string
  principal: string
  favourite: Generated<boolean>
  position: number | null
  notify: Generated<Notify>
}

interface RoomInvitationTable {
  id: string
  room: string
  code_hash: string
  membership: Extract<Membership, 'member' | 'guest'>
  made_by: string
  uses: Generated<number>
  max_uses: number
  expires_at: Time
  revoked_at: ColumnType<Date | string | null, string | null | undefined, string | null>
  created_at: Time
}

interface JoinRequestTable {
  room: string
  principal: string
  note: Generated<string>
  state: 'pending' | 'accepted' | 'refused'
  created_at: Time
  decided_at: ColumnType<Date | string | null, string | null | undefined, string | null>
  decided_by: string | null
}
