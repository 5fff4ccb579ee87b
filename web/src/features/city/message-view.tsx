import { useQuery } from '@tanstack/react-query'
import { Ellipsis, MessagesSquare, Pin, Reply, SmilePlus, ThumbsUp } from 'lucide-react'
import { type KeyboardEvent, memo, type PointerEvent, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Message } from '../../../../src/services/city/messages.contract.ts'
import { useApi } from '../../context.tsx'
import { useFormat } from '../../i18n/format.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { IconButton } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Menu, MenuItem } from '../../ui/menu.tsx'
import { piece } from '../../ui/piece.tsx'
import { EditMessage } from '../messages/edit-message.tsx'
import { Forwarded, Imported } from '../messages/forwarded.tsx'
import { PollCard } from '../messages/poll-card.tsx'
import { PickEmoji, Reactions } from '../messages/reactions.tsx'
import { ThreadLine } from '../messages/thread-line.tsx'
import { Tombstone } from '../messages/tombstone.tsx'
import { type Acts, useActs } from '../messages/use-acts.ts'
import { LinkPreviews } from '../search/link-previews.tsx'
import { AgentAnswer } from './agent-answer.tsx'
import { Attachments } from './attachments.tsx'
import { Markdown, plain } from './markdown.tsx'
import { RunNotices } from './run-notices.tsx'
import { useTalk } from './talk-context.tsx'

const MessageSheet = piece(async () => (await import('../messages/message-sheet.tsx')).MessageSheet)
const MessageDialogs = piece(async () => (await import('../messages/message-dialogs.tsx')).MessageDialogs)

interface MessageViewProps {
  message: Message
  /** The same author spoke just before: the name is not said again. */
  continued: boolean
  /** It was gone to, by a link or a source. */
  targeted: boolean
}

/** A message of a person or an agent, with what hangs on it. */
export const MessageView = memo(function MessageView({ message, continued, targeted }: MessageViewProps) {
  const { t } = useTranslation()
  const act = useActs(message)
  const [sheet, setSheet] = useState(false)
  const press = useLongPress(() => setSheet(true))
  // A toolbar costs as much as its message: where nothing hovers it is there when the focus first comes.
  const [near, setNear] = useState(() => matchMedia('(hover: hover)').matches)
  const { author, replyTo, deleted, poll } = message
  const keys = (event: KeyboardEvent<HTMLElement>) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return
    const run = { KeyR: 'reply', KeyL: 'link', KeyT: 'thread', KeyU: 'unread', KeyE: 'edit' }[event.code]
    const item = act.items.find(({ key }) => key === run)
    if (!item) return
    event.preventDefault()
    item.run()
  }
  const classes = ['msg', continued ? 'cont' : '', targeted ? 'target' : ''].filter(Boolean).join(' ')
  return (
    // biome-ignore lint/a11y/noNoninteractiveElementInteractions: the keys repeat what the message's buttons do
    <article
      className={classes}
      tabIndex={-1}
      aria-label={author.name}
      onKeyDown={keys}
      onFocus={() => setNear(true)}
      {...press}
    >
      <Avatar of={author} />
      <div className="body">
        {!continued && <By message={message} act={act} onMore={() => setSheet(true)} />}
        {continued && <Marks message={message} act={act} />}
        {message.forwarded && <Forwarded forwarded={message.forwarded} />}
        {message.imported && <Imported imported={message.imported} />}
        {replyTo !== null && <Answers to={replyTo} />}
        {deleted ? <Tombstone deleted={deleted} /> : <Words message={message} />}
        <Attachments message={message} />
        {poll && <PollCard message={message} poll={poll} open={act.speaks} />}
        <RunNotices message={message} />
        <Reactions message={message} onReact={act.speaks ? act.react : null} />
        <ThreadLine message={message} />
      </div>
      {continued && (
        <IconButton
          icon={Ellipsis}
          size="s"
          className="cont-more"
          label={t('city.more')}
          onClick={() => setSheet(true)}
        />
      )}
      {near && <Toolbar act={act} />}
      {sheet && <MessageSheet acts={act} open onClose={() => setSheet(false)} />}
      {act.dialog && <MessageDialogs message={message} open={act.dialog} onClose={act.close} />}
    </article>
  )
})

function Words({ message }: { message: Message }) {
  const talk = useTalk()
  if (message.author.kind !== 'person') return <AgentAnswer message={message} />
  if (talk.editing === message.id) return <EditMessage message={message} />
  if (message.text === '') return null
  return (
    <>
      <Markdown text={message.text} />
      <LinkPreviews message={message.id} text={message.text} />
    </>
  )
}

/** What a mouse finds over a message. */
function Toolbar({ act }: { act: Acts }) {
  const { t } = useTranslation()
  const has = (key: string) => act.items.some((item) => item.key === key)
  return (
    <div className="act" role="toolbar" aria-label={t('city.actions')}>
      {act.speaks && (
        <>
          <IconButton icon={ThumbsUp} size="s" label={t('talk.react')} onClick={() => act.react('👍')} />
          <PickEmoji onPick={act.react}>
            <IconButton icon={SmilePlus} size="s" label={t('talk.otherReaction')} />
          </PickEmoji>
        </>
      )}
      {has('reply') && <IconButton icon={Reply} size="s" label={t('city.reply')} onClick={act.reply} />}
      {has('thread') && (
        <IconButton icon={MessagesSquare} size="s" label={t('talk.thread')} onClick={act.thread} />
      )}
      <Menu trigger={<IconButton icon={Ellipsis} size="s" label={t('city.more')} />}>
        {act.items.map(({ key, icon, label, hint, bad, run }) => (
          <MenuItem key={key} icon={icon} onSelect={run} bad={bad} {...(hint && { hint })}>
            {label}
          </MenuItem>
        ))}
      </Menu>
    </div>
  )
}

const LONG_MS = 500
const STILL_PX = 10

/** A finger that rests on a message for half a second; one that moves scrolls. */
function useLongPress(act: () => void) {
  const held = useRef<{ timer: ReturnType<typeof setTimeout>; x: number; y: number } | null>(null)
  const leave = () => {
    if (held.current) clearTimeout(held.current.timer)
    held.current = null
  }
  return {
    onPointerDown(event: PointerEvent) {
      if (event.pointerType !== 'touch') return
      leave()
      held.current = { timer: setTimeout(act, LONG_MS), x: event.clientX, y: event.clientY }
    },
    onPointerMove(event: PointerEvent) {
      const from = held.current
      if (from && Math.hypot(event.clientX - from.x, event.clientY - from.y) > STILL_PX) leave()
    },
    onPointerUp: leave,
    onPointerCancel: leave,
  }
}

/** That it was edited, with the way to its history, and that it is pinned. */
function Marks({ message: { editedAt, pinned }, act }: { message: Message; act: Acts }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <>
      {editedAt !== undefined && (
        <button type="button" className="was" onClick={act.history}>
          {t('talk.edited', { time: format.time(editedAt) })}
        </button>
      )}
      {pinned && (
        <span className="meta">
          <Icon of={Pin} size="xs" /> <span>{t('talk.pinned')}</span>
        </span>
      )}
    </>
  )
}

function By({ message, act, onMore }: { message: Message; act: Acts; onMore: () => void }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { author, createdAt } = message
  return (
    <div className="by">
      <b>{author.name}</b>
      {author.kind !== 'person' && <span className="tag tag-p">{t('common.agent')}</span>}
      <time dateTime={createdAt} title={format.moment(createdAt)}>
        {format.time(createdAt)}
      </time>
      <Marks message={message} act={act} />
      <IconButton icon={Ellipsis} size="s" label={t('city.more')} className="more" onClick={onMore} />
    </div>
  )
}

/** The message that this one answers, which may be far outside of what is held. */
function Answers({ to: id }: { to: string }) {
  const { t } = useTranslation()
  const api = useApi()
  const talk = useTalk()
  const held = talk.find(id)
  const fetched = useQuery({
    queryKey: ['message', id],
    queryFn: () => api.city.message({ room: talk.room.id, message: id }),
    enabled: held === undefined,
  })
  const to = held ?? fetched.data
  const [part] = to?.parts ?? []
  const kind = part && { audio: t('city.voiceMessage'), image: t('city.photo'), file: part.name }[part.type]
  return (
    <button type="button" className="answers" onClick={() => talk.goTo(id)}>
      <Icon of={Reply} size="xs" />
      <span className="trim">
        {to ? (
          <>
            <b>{to.author.name}</b> {plain(to.text) || kind}
          </>
        ) : (
          t('city.goneReply')
        )}
      </span>
    </button>
  )
}
