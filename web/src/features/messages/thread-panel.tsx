import { useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import type { Message } from '../../../../src/services/city/messages.contract.ts'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError } from '../../ui/field.tsx'
import { useToast } from '../../ui/toast.tsx'
import { useCity, useOutgoing } from '../city/city-context.tsx'
import { Composer, type ComposerHandle } from '../city/composer.tsx'
import { Log, type LogHandle } from '../city/log.tsx'
import { MessageView } from '../city/message-view.tsx'
import { type TalkActions, TalkProvider, useTalk } from '../city/talk-context.tsx'
import { lastEditable } from './last-editable.ts'

interface ThreadPanelProps {
  room: Room
  root: string
  /** A reply that was gone to. */
  target: string | null
}

/** A thread beside the room: its first message, the replies, and a composer of its own. It counts as read as far as it was seen. */
export function ThreadPanel({ room, root: id, target }: ThreadPanelProps) {
  const { t } = useTranslation()
  const api = useApi()
  const city = useCity()
  const language = useLanguage()
  const say = useToast()
  const above = useTalk()
  const store = city.thread(room.id, id)
  const main = city.room(room.id)
  const { timeline, state, older, newer, failure } = useSyncExternalStore(store.subscribe, store.state)
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
  const [shown, setShown] = useState(target)
  const composer = useRef<ComposerHandle>(null)
  const log = useRef<LogHandle>(null)
  const marked = useRef(0)
  const unread = root?.replies?.unread ?? 0

  const onSeen = useCallback(
    (seq: number, newest: boolean) => {
      if (seq <= marked.current) return
      marked.current = seq
      const left = newest
        ? 0
        : store.state().timeline.messages.filter((one) => one.seq > seq && one.author.id !== city.me.id)
            .length
      main.change(id, (message) =>
        message.replies
          ? {
              ...message,
              replies: { ...message.replies, unread: Math.min(message.replies.unread ?? left, left) },
            }
          : message,
      )
      // A mark that does not arrive is made again with the next one.
      void api.city.readThread({ message: id, seq }).catch(() => undefined)
    },
    [api, city, id, main, store],
  )
  const newest = timeline.newer === null ? timeline.messages.at(-1)?.seq : undefined
  useEffect(() => {
    // Word of a reply may come after the reply itself was seen.
    if (unread === 0 || newest === undefined || newest > marked.current) return
    main.change(id, (message) =>
      message.replies ? { ...message, replies: { ...message.replies, unread: 0 } } : message,
    )
  }, [unread, newest, main, id])
  const goTo = useCallback(
    async (message: string) => {
      const there = await store.reach(message).catch((cause: unknown) => {
        say({ text: sentenceOf(failureOf(cause), language) })
        return null
      })
      if (there === false) return above.goTo(message)
      if (there === null) return
      setShown(message)
      requestAnimationFrame(() => log.current?.show(message))
    },
    [store, say, language, above],
  )
  const arrived = useRef<string | null>(null)
  useEffect(() => {
    if (target === null || state !== 'ready' || arrived.current === target) return
    arrived.current = target
    void goTo(target)
  }, [target, state, goTo])
  useEffect(() => () => store.rest(), [store])

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
      goTo: (message) => void goTo(message),
      find: (one) => store.state().timeline.messages.find((message) => message.id === one) ?? above.find(one),
      put(message) {
        store.put(message)
        above.put(message)
      },
    }),
    [above, id, editing, store, goTo],
  )
  const [loadOlder, loadNewer] = useMemo(
    () => [() => void store.loadOlder(), () => void store.loadNewer()],
    [store],
  )
  const goLatest = useCallback(async () => {
    if (!(await store.latest())) say({ text: t('city.newerFailed') })
  }, [store, say, t])
  const head = (
    <>
      {root && <MessageView message={root} continued={false} targeted={false} />}
      {fetched.isError && <p className="meta thr">{t('talk.threadGone')}</p>}
      {state === 'ready' && (
        <div className="rule">
          {timeline.messages.length === 0
            ? t('talk.threadEmpty')
            : t('talk.replies', { count: root?.replies?.replies ?? timeline.messages.length })}
        </div>
      )}
    </>
  )
  return (
    <TalkProvider value={actions}>
      <div className="pt">
        <div className="log-wrap thread">
          {state === 'ready' ? (
            <Log
              ref={log}
              label={t('talk.thread')}
              head={head}
              unread={unread}
              after={0}
              timeline={timeline}
              outgoing={outgoing}
              readSeq={null}
              older={older}
              newer={newer}
              onOlder={loadOlder}
              onNewer={loadNewer}
              onLatest={goLatest}
              onLook={store.look}
              onSeen={onSeen}
              target={shown}
            />
          ) : (
            <div className="scroll">
              {head}
              <FieldError error={state === 'failed' ? sentenceOf(failureOf(failure), language) : undefined} />
              {state === 'failed' && (
                <Button small look="quiet" onClick={() => void store.load()}>
                  {t('common.retry')}
                </Button>
              )}
            </div>
          )}
        </div>
        {room.archivedAt === null && room.membership !== 'guest' && (
          <Composer
            ref={composer}
            room={room}
            thread={id}
            replyTo={replyTo}
            onReplyDone={() => setReplyTo(null)}
            onSent={() => log.current?.toEnd()}
            onEditLast={() => {
              const last = lastEditable(timeline.newer === null ? timeline.messages : [], city.me.id)
              if (last) setEditing(last)
            }}
          />
        )}
      </div>
    </TalkProvider>
  )
}
