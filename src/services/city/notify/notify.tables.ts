import type { ColumnType, Generated } from 'kysely'
import type { NotificationKind, NotificationSettings, Quiet } from '../notifications.contract.ts'

/** What people are told, what they want to be told, and the browsers that may be woken. */
export type NotifyTables = {
  'city.notification': {
    id: string
    principal: string
    message: string
    room: string
    kind: NotificationKind
    at: Time
    read_at: Later
  }
  'city.notification_setting': {
    principal: string
    level: Generated<NotificationSettings['level']>
    /** Written as text, so that no driver takes it for one of its own. */
    quiet: ColumnType<Quiet | null, string | null | undefined, string | null>
    do_not_disturb_until: Later
    push: Generated<boolean>
    words: Generated<boolean>
    digest: Generated<NotificationSettings['digest']>
    zone: Generated<string>
    digest_revision: Generated<number>
  }
  'city.push_subscription': {
    id: string
    principal: string
    endpoint: string
    p256dh: string
    auth: string
    locale: 'uk' | 'en'
    /** The session or key it was subscribed by; unknown of old ones. */
    credential: string | null
    created_at: Time
  }
  'city.push_key': { only_one: Generated<boolean>; public_key: string; private_key: string }
  'city.notify_mark': { room: string; seq: ColumnType<number | string | bigint, number, number> }
}

type Time = ColumnType<Date | string, string, string>
type Later = ColumnType<Date | string | null, string | null | undefined, string | null>
