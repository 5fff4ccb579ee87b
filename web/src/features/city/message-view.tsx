import { Copy, Ellipsis, Link2, Reply } from 'lucide-react'
import { type KeyboardEvent, memo } from 'react'
import { useTranslation } from 'react-i18next'
import type { Message } from '../../../../src/services/city/messages.contract.ts'
import { useFormat } from '../../i18n/format.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { IconButton } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Menu, MenuItem } from '../../ui/menu.tsx'
import { useToast } from '../../ui/toast.tsx'
import { AgentAnswer } from './agent-answer.tsx'
import { Attachments } from './attachments.tsx'
import { Markdown, plain } from './markdown.tsx'
import { RunNotices } from './run-notices.tsx'
import { useTalk } from './talk-context.tsx'

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
  const talk = useTalk()
  const act = useMessageActs(message)
  const { author, replyTo } = message
  const agent = author.kind !== 'person'
  const keys = (event: KeyboardEvent<HTMLElement>) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return
    if (event.code === 'KeyR') act.reply()
    else if (event.code === 'KeyL') act.copyLink()
    else return
    event.preventDefault()
  }
  const classes = ['msg', continued ? 'cont' : '', targeted ? 'target' : ''].filter(Boolean).join(' ')
  return (
    // biome-ignore lint/a11y/noNoninteractiveElementInteractions: the keys repeat what the message's buttons do
    <article className={classes} tabIndex={-1} aria-label={author.name} onKeyDown={keys}>
      <Avatar of={author} />
      <div className="body">
        {!continued && <By message={message} act={act} />}
        {replyTo !== null && <Answers to={talk.find(replyTo)} onOpen={() => talk.goTo(replyTo)} />}
        {agent ? <AgentAnswer message={message} /> : message.text !== '' && <Markdown text={message.text} />}
        <Attachments message={message} />
        <RunNotices message={message} />
      </div>
      <div className="act" role="toolbar" aria-label={t('city.actions')}>
        <IconButton icon={Reply} size="s" label={t('city.reply')} onClick={act.reply} />
        <MoreMenu act={act} className="" />
      </div>
    </article>
  )
})

function By({ message, act }: { message: Message; act: Acts }) {
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
      <MoreMenu act={act} className="more" />
    </div>
  )
}

function MoreMenu({ act, className }: { act: Acts; className: string }) {
  const { t } = useTranslation()
  return (
    <Menu trigger={<IconButton icon={Ellipsis} size="s" label={t('city.more')} className={className} />}>
      <MenuItem icon={Reply} hint="R" onSelect={act.reply}>
        {t('city.reply')}
      </MenuItem>
      <MenuItem icon={Copy} onSelect={act.copyText}>
        {t('city.copyText')}
      </MenuItem>
      <MenuItem icon={Link2} hint="L" onSelect={act.copyLink}>
        {t('city.copyLink')}
      </MenuItem>
    </Menu>
  )
}

function Answers({ to, onOpen }: { to: Message | undefined; onOpen: () => void }) {
  const { t } = useTranslation()
  const [part] = to?.parts ?? []
  const kind = part && { audio: t('city.voiceMessage'), image: t('city.photo'), file: part.name }[part.type]
  return (
    <button type="button" className="answers" onClick={onOpen}>
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

interface Acts {
  reply(): void
  copyText(): void
  copyLink(): void
}

function useMessageActs(message: Message): Acts {
  const { t } = useTranslation()
  const say = useToast()
  const talk = useTalk()
  const copy = (text: string, done: string) =>
    navigator.clipboard?.writeText(text).then(
      () => say({ text: done }),
      () => say({ text }),
    ) ?? say({ text })
  return {
    reply: () => talk.reply(message),
    copyText: () => void copy(wordsOf(message), t('city.copied')),
    copyLink: () => {
      const link = new URL(`/rooms/${talk.room.slug}?message=${message.id}`, location.origin)
      void copy(link.href, t('city.linkCopied'))
    },
  }
}

/** What a message says, its parts included. */
function wordsOf({ text, parts }: Message): string {
  const heard = parts.map(({ transcript, ocr }) => transcript?.text ?? ocr?.text ?? '')
  return [text, ...heard].filter(Boolean).join('\n\n')
}
