import { useMutation, useQueryClient } from '@tanstack/react-query'
import {
  Bookmark,
  Clock,
  Copy,
  EyeOff,
  Flag,
  Forward,
  Link2,
  type LucideIcon,
  MessagesSquare,
  Pencil,
  Pin,
  PinOff,
  Reply,
  Trash2,
  VolumeX,
} from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { isOperator } from '../../../../src/kernel/principal.ts'
import type { Message } from '../../../../src/services/city/messages.contract.ts'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { useToast } from '../../ui/toast.tsx'
import { useCity } from '../city/city-context.tsx'
import { useTalk } from '../city/talk-context.tsx'

/** One line of a message's menu. */
export interface MenuAct {
  readonly key: string
  readonly icon: LucideIcon
  readonly label: string
  readonly hint?: string
  readonly bad?: boolean
  run(): void
}

export type OpenDialog = 'history' | 'forward' | 'remove' | 'report' | 'restrict' | null

/** What can be done to a message by whoever looks at it, as keys, buttons and menus all do it. */
export function useActs(message: Message) {
  const { t } = useTranslation()
  const say = useToast()
  const api = useApi()
  const queries = useQueryClient()
  const language = useLanguage()
  const talk = useTalk()
  const city = useCity()
  const [dialog, setDialog] = useState<OpenDialog>(null)
  const refused = (failure: unknown) => say({ text: sentenceOf(failureOf(failure), language) })
  const change = useMutation({ mutationFn: (act: () => Promise<Message>) => act(), onSuccess: talk.put })
  const run = (act: () => Promise<Message>) => change.mutate(act, { onError: refused })
  const id = message.id
  const mine = message.author.id === city.me.id
  const keeps = keepsRoom(talk.room, isOperator(city.me))
  const speaks = talk.room.archivedAt === null && talk.room.membership !== 'guest'
  const editable = mine && speaks && message.run === undefined && !message.forwarded

  const copy = (text: string, done: string) =>
    void (
      navigator.clipboard?.writeText(text).then(
        () => say({ text: done }),
        () => say({ text }),
      ) ?? say({ text })
    )
  const acts = {
    reply: () => talk.reply(message),
    thread: () => talk.openThread(message.thread ?? id),
    edit: () => editable && talk.edit(id),
    copyLink: () => copy(linkTo(talk.room, message), t('city.linkCopied')),
    react: (emoji: string) => {
      const on = message.reactions?.find((one) => one.emoji === emoji)?.mine ?? false
      run(() => (on ? api.city.unreact({ message: id, emoji }) : api.city.react({ message: id, emoji })))
    },
    markUnread: () =>
      void city
        .markUnread(message.room, message.seq)
        .then(() => say({ text: t('talk.markedUnread') }), refused),
    history: () => setDialog('history'),
    /** Eight seconds to think better of it. */
    remove() {
      const gone = { at: new Date().toISOString(), by: city.me.id }
      const { reactions: _, poll: __, pinned: ___, ...rest } = message
      talk.put({ ...rest, text: '', parts: [], runs: [], deleted: gone })
      const back = () => talk.put(message)
      say({
        text: t('talk.deleting'),
        act: { label: t('common.undo'), run: back },
        expired: () =>
          void api.city.remove({ message: id }).then(talk.put, (failure: unknown) => {
            back()
            refused(failure)
          }),
      })
    },
  }
  const kept = async (save: boolean) => {
    await (save ? api.city.save({ message: id }) : api.city.unsave({ message: id }))
    await queries.invalidateQueries({ queryKey: ['saved'] })
    const undo = { label: t('common.undo'), run: () => void kept(!save) }
    say({ text: t(save ? 'talk.savedNow' : 'talk.unsaved'), act: undo })
  }

  const items: MenuAct[] = []
  const put = (when: boolean, item: MenuAct) => when && items.push(item)
  const can = !message.deleted
  put(can && speaks, { key: 'reply', icon: Reply, label: t('city.reply'), hint: 'R', run: acts.reply })
  put(talk.thread === null && (can || message.replies !== undefined), {
    key: 'thread',
    icon: MessagesSquare,
    label: t('talk.openThread'),
    hint: 'T',
    run: acts.thread,
  })
  put(can, {
    key: 'text',
    icon: Copy,
    label: t('city.copyText'),
    run: () => copy(wordsOf(message), t('city.copied')),
  })
  put(true, { key: 'link', icon: Link2, label: t('city.copyLink'), hint: 'L', run: acts.copyLink })
  put(can && !message.poll, {
    key: 'forward',
    icon: Forward,
    label: t('talk.forward'),
    run: () => setDialog('forward'),
  })
  put(can, { key: 'save', icon: Bookmark, label: t('talk.save'), run: () => void kept(true).catch(refused) })
  put(can && speaks && (keeps || talk.room.visibility !== 'public'), {
    key: 'pin',
    icon: message.pinned ? PinOff : Pin,
    label: t(message.pinned ? 'talk.unpin' : 'talk.pin'),
    run: () => run(() => (message.pinned ? api.city.unpin({ message: id }) : api.city.pin({ message: id }))),
  })
  put(talk.thread === null, {
    key: 'unread',
    icon: EyeOff,
    label: t('talk.markUnread'),
    hint: 'U',
    run: acts.markUnread,
  })
  put(message.editedAt !== undefined, {
    key: 'history',
    icon: Clock,
    label: t('talk.history'),
    run: acts.history,
  })
  put(can && editable, { key: 'edit', icon: Pencil, label: t('talk.edit'), hint: 'E', run: acts.edit })
  put(can && mine, {
    key: 'delete',
    icon: Trash2,
    label: t('talk.deleteMine'),
    bad: true,
    run: acts.remove,
  })
  put(can && !mine, {
    key: 'report',
    icon: Flag,
    label: t('moderation.report'),
    run: () => setDialog('report'),
  })
  put(keeps && !mine && message.author.kind === 'person' && talk.room.visibility !== 'direct', {
    key: 'restrict',
    icon: VolumeX,
    label: t('moderation.restrict'),
    bad: true,
    run: () => setDialog('restrict'),
  })
  put(can && !mine && keeps, {
    key: 'remove',
    icon: Trash2,
    label: t('talk.remove'),
    bad: true,
    run: () => setDialog('remove'),
  })
  return { ...acts, items, speaks: speaks && can, dialog, close: () => setDialog(null) }
}
export type Acts = ReturnType<typeof useActs>

const keepsRoom = ({ membership, visibility }: Room, operates: boolean): boolean =>
  membership === 'owner' || membership === 'moderator' || (visibility === 'public' && operates)

const linkTo = (room: Pick<Room, 'slug'>, message: Message): string =>
  new URL(`/rooms/${room.slug}/${message.id}`, location.origin).href

/** What a message says, its parts included. */
function wordsOf({ text, parts }: Message): string {
  const heard = parts.map(({ transcript, ocr }) => transcript?.text ?? ocr?.text ?? '')
  return [text, ...heard].filter(Boolean).join('\n\n')
}
