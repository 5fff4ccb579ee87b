import type { ColumnType, Generated } from 'kysely'
import type { Failure } from '../../../kernel/errors.ts'
import type { NewMessage } from '../messages.contract.ts'

/** What hangs on messages, and what people keep of them. */
export type TalkTables = {
  'city.edit': { message: string; version: number; text: string; at: Time }
  'city.reaction': { message: string; emoji: string; principal: string; name: string; at: Time }
  'city.pin': { message: string; room: string; principal: string; name: string; at: Time }
  'city.thread_mark': { thread: string; principal: string; seq: BigInt8 }
  'city.mention': {
    message: string
    /** `*` is everybody who may read the room. */
    principal: string
    room: string
    kind: 'name' | 'room' | 'here'
    at: Time
  }
  'city.saved': { principal: string; message: string; at: Time }
  'city.poll': {
    message: string
    question: string
    options: ColumnType<string[], string, string>
    multiple: boolean
    anonymous: boolean
    closes_at: ColumnType<Date | string | null, string | null, string | null>
  }
  'city.vote': { message: string; principal: string; option: number; name: string; at: Time }
  'city.scheduled': {
    id: string
    room: string
    principal: string
    body: ColumnType<ScheduledBody, string, string>
    send_at: Time
    revision: Generated<number>
    state: ColumnType<
      'waiting' | 'sending' | 'failed',
      'waiting' | undefined,
      'waiting' | 'sending' | 'failed'
    >
    error: ColumnType<Failure | null, string | null | undefined, string | null>
    created_at: Time
  }
  'city.draft': { principal: string; room: string; text: string; at: Time }
}

export type ScheduledBody = Pick<NewMessage, 'text' | 'parts' | 'replyTo' | 'thread'>

/** Drivers hand a bigint out as a number or as text: read it with `Number()`. */
type BigInt8 = ColumnType<number | string | bigint, number, number>
type Time = ColumnType<Date | string, string, string>
