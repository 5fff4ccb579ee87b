import { useQuery } from '@tanstack/react-query'
import { useEffect, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import type { Message } from '../../../../src/services/city/messages.contract.ts'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat, useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError } from '../../ui/field.tsx'
import { useCity, useOutgoing } from '../city/city-context.tsx'
import { Composer, type ComposerHandle } from '../city/composer.tsx'
import { LogRow } from '../city/log-row.tsx'
import { MessageView } from '../city/message-view.tsx'
import { rowsOf } from '../city/rows.ts'
import { type TalkActions, TalkProvider, useTalk } from '../city/talk-context.tsx'
import { lastEditable } from './last-editable.ts'

interface ThreadPanelProps {
  room: Room
  root: string
  /** A reply that was gone to. */
  target: string | null
}

/** A thread beside the room: its first message, the replies, and a composer of its own. What is open here counts as read. */
export function ThreadPanel({ room, root: id, target }: ThreadPanelProps) {
  const { t } = useTranslation()
  const api = useApi()
  const city = useCity()
  const format = useFormat()
  const language = useLanguage()
  const above = useTalk()
  const store = city.thread(room.id, id)
  const main = city.room(room.id)
  const { timeline, state, older, failure } = useSyncExternalStore(store.subscribe, store.state)
  const here = useSyncExternalStore(main.subscribe, main.state).timeline.messages.find(
    (message) => message.id === id,
  )
  const fetched = useQuery({
    queryKey: ['message', id],
    queryFn: () => api.city.message({ room: room.id, message: id }),
    enabled: here === undefined,
  })
  const root = here ?? fetched.data
  const all = useOutgoing()
  const outgoing = useMemo(() => all.filter((entry) => entry.thread === id), [all, id])
  const [replyTo, setReplyTo] = useState<Message | null>(null)
  const [editing, setEditing] = useState<string | null>(null)
  const composer = useRef<ComposerHandle>(null)
  const end = useRef<HTMLDivElement>(null)
  const newest = timeline.messages.at(-1)?.seq ?? 0
  const unread = root?.replies?.unread ?? 0
  const marked = useRef(0)

  const rows = useMemo(() => {
    const dayOf = (at: string | number) => new Date(at).toDateString()
    const { messages, streams } = timeline
    return rowsOf({
      messages,
      streams,
      outgoing,
      readSeq: null,
      me: city.me.id,
      dayOf,
      whole: true,
      current: true,
    }).filter(({ kind }) => kind !== 'day')
  }, [timeline, outgoing, city.me.id])
  useEffect(() => {
    if (state !== 'ready' || newest === 0 || (unread === 0 && marked.current >= newest)) return
    marked.current = newest
    main.change(id, (message) =>
      message.replies ? { ...message, replies: { ...message.replies, unread: 0 } } : message,
    )
    // A mark that does not arrive is made again with the next one.
    void api.city.readThread({ message: id, seq: newest }).catch(() => undefined)
  }, [api, id, main, newest, state, unread])
  // biome-ignore lint/correctness/useExhaustiveDependencies: it follows what comes
  useLayoutEffect(() => {
    end.current?.scrollIntoView({ block: 'end' })
  }, [rows.length])

  const actions = useMemo<TalkActions>(
    () => ({
      ...above,
      thread: id,
      editing,
      edit(message) {
        setEditing(message)
        if (message === null) composer.current?.focus()
      },
      reply(message) {
        setReplyTo(message)
        composer.current?.focus()
      },
      find: (one) => store.state().timeline.messages.find((message) => message.id === one) ?? above.find(one),
      put(message) {
        store.put(message)
        above.put(message)
      },
    }),
    [above, id, editing, store],
  )
  const lastOwn = () => lastEditable(timeline.messages, city.me.id)
  return (
    <TalkProvider value={actions}>
      <div className="pt">
        <div className="scroll thread" role="log" aria-live="off" aria-label={t('talk.thread')}>
          {root && <MessageView message={root} continued={false} targeted={false} />}
          {fetched.isError && <p className="meta thr">{t('talk.threadGone')}</p>}
          {state === 'ready' && (
            <div className="rule">
              {timeline.messages.length === 0
                ? t('talk.threadEmpty')
                : t('talk.replies', { count: root?.replies?.replies ?? timeline.messages.length })}
            </div>
          )}
          {timeline.older !== null && (
            <Button small look="quiet" disabled={older === 'loading'} onClick={() => void store.loadOlder()}>
              {t('common.more')}
            </Button>
          )}
          <FieldError error={state === 'failed' ? sentenceOf(failureOf(failure), language) : undefined} />
          {rows.map((row) => (
            <LogRow key={row.key} row={row} target={target} format={format} />
          ))}
          <div ref={end} />
        </div>
        {room.archivedAt === null && room.membership !== 'guest' && (
          <Composer
            ref={composer}
            room={room}
            thread={id}
            replyTo={replyTo}
            onReplyDone={() => setReplyTo(null)}
            onSent={() => end.current?.scrollIntoView({ block: 'end' })}
            onEditLast={() => {
              const last = lastOwn()
              if (last) setEditing(last)
            }}
          />
        )}
      </div>
    </TalkProvider>
  )
}
