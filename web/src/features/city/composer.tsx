import { useQuery } from '@tanstack/react-query'
import { ArrowUp, Mic, Paperclip } from 'lucide-react'
import {
  type ClipboardEvent,
  type KeyboardEvent,
  type Ref,
  useId,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
} from 'react'
import { useTranslation } from 'react-i18next'
import type { Message } from '../../../../src/services/city/messages.contract.ts'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { useApi } from '../../context.tsx'
import { useFormat } from '../../i18n/format.ts'
import { IconButton } from '../../ui/button.tsx'
import { FieldError } from '../../ui/field.tsx'
import { piece } from '../../ui/piece.tsx'
import { useToast } from '../../ui/toast.tsx'
import { AddMenu } from '../messages/add-menu.tsx'
import { useCity, useLine } from './city-context.tsx'
import { AttachedTray, ReplyingTo } from './composer-parts.tsx'
import type { Attached } from './drafts.ts'
import { agentsQuery, membersQuery } from './members.ts'
import { MentionList, useMentions } from './mention-list.tsx'
import { FILE_LIMIT_BYTES, FILES_LIMIT } from './upload.ts'
import { useComposer } from './use-composer.ts'

const Recorder = piece(async () => (await import('./recorder.tsx')).Recorder, <div className="in" />)

export interface ComposerHandle {
  focus(): void
  attach(files: readonly File[]): void
}

interface ComposerProps {
  ref: Ref<ComposerHandle>
  room: Room
  replyTo: Message | null
  /** The root of the thread it writes in. */
  thread?: string | null
  onReplyDone: () => void
  onSent: () => void
  /** Up in an empty composer. */
  onEditLast?: () => void
}

/** Where one writes: words, files, a voice. What was begun is kept for each room. */
export function Composer(props: ComposerProps) {
  const { ref, room, replyTo, thread = null, onReplyDone, onSent, onEditLast } = props
  const { t } = useTranslation()
  const api = useApi()
  const format = useFormat()
  const say = useToast()
  const line = useLine()
  const { typing } = useCity()
  const area = useRef<HTMLTextAreaElement>(null)
  const picker = useRef<HTMLInputElement>(null)
  const listId = useId()
  const [recording, setRecording] = useState(false)
  const composer = useComposer({ room, thread, replyTo, onReplyDone, onSent })
  const { text, files, faults, setText } = composer
  const members = useQuery(membersQuery(api, room))
  const agents = useQuery(agentsQuery(api))
  const mentions = useMentions({ area, text, setText, members: members.data, agents: agents.data })

  useImperativeHandle(ref, () => ({
    focus: () => requestAnimationFrame(() => area.current?.focus()),
    attach: composer.attach,
  }))
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the words
  useLayoutEffect(() => {
    const element = area.current
    if (!element) return
    element.style.height = 'auto'
    element.style.height = `${element.scrollHeight}px`
  }, [text, recording])

  const send = () => void composer.send().then((sent) => sent && area.current?.focus())
  const keys = (event: KeyboardEvent) => {
    if (mentions.keys(event)) return
    if (event.key === 'Escape' && replyTo) return onReplyDone()
    if (event.key === 'ArrowUp' && text === '' && !event.altKey && onEditLast) {
      event.preventDefault()
      return onEditLast()
    }
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    send()
  }
  const paste = (event: ClipboardEvent) => {
    const pasted = [...event.clipboardData.files]
    if (pasted.length === 0) return
    event.preventDefault()
    composer.attach(pasted)
  }
  const recorded = (voice: Attached) => {
    setRecording(false)
    void composer.sendVoice(voice)
  }
  const cancelled = (voice: Attached | null) => {
    setRecording(false)
    requestAnimationFrame(() => area.current?.focus())
    if (!voice) return
    const act = { label: t('common.undo'), run: () => composer.putBack(voice) }
    say({ text: t('city.recordCancelled'), act })
  }
  const limits = t('city.limits', { count: FILES_LIMIT, size: format.bytes(FILE_LIMIT_BYTES) })
  const nothing = text.trim() === '' && files.length === 0
  return (
    <div className="composer">
      <MentionList id={listId} mentions={mentions} />
      {replyTo && <ReplyingTo message={replyTo} onCancel={onReplyDone} />}
      <AttachedTray files={files} onRemove={composer.remove} />
      {faults.map((fault) => (
        <FieldError key={fault} error={fault} />
      ))}
      {recording ? (
        <Recorder onSend={recorded} onCancel={cancelled} onLeft={composer.putBack} />
      ) : (
        <div className="in">
          <IconButton
            icon={Paperclip}
            label={`${t('city.addFile')}. ${limits}`}
            onClick={() => picker.current?.click()}
          />
          <input
            ref={picker}
            type="file"
            multiple
            hidden
            aria-label={t('city.addFile')}
            onChange={(event) => {
              composer.attach([...(event.target.files ?? [])])
              event.target.value = ''
            }}
          />
          {thread === null && <AddMenu room={room} composer={composer} replyTo={replyTo} />}
          <textarea
            ref={area}
            rows={1}
            value={text}
            aria-label={t(thread === null ? 'city.message' : 'talk.replyInThread')}
            aria-autocomplete="list"
            aria-controls={mentions.open ? listId : undefined}
            aria-activedescendant={mentions.open ? `${listId}-${mentions.at}` : undefined}
            placeholder={
              line.state === 'offline'
                ? t('city.placeholderOffline')
                : thread === null
                  ? t('city.placeholder', { room: room.name })
                  : t('talk.replyInThread')
            }
            onChange={(event) => {
              setText(event.target.value)
              mentions.look()
              if (event.target.value !== '') typing(room.id)
            }}
            onSelect={mentions.look}
            onKeyDown={keys}
            onPaste={paste}
          />
          <IconButton icon={Mic} label={t('city.record')} onClick={() => setRecording(true)} />
          <IconButton
            icon={ArrowUp}
            label={t('city.send')}
            className="send"
            disabled={nothing}
            onClick={send}
          />
        </div>
      )}
    </div>
  )
}
