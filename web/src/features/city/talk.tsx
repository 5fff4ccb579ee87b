import { useSearch } from '@tanstack/react-router'
import { CircleAlert } from 'lucide-react'
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import type { Citation, Message } from '../../../../src/services/city/messages.contract.ts'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { piece } from '../../ui/piece.tsx'
import { EmptyState, TalkSkeleton } from '../../ui/states.tsx'
import { useToast } from '../../ui/toast.tsx'
import { SeenBy } from '../live/seen-by.tsx'
import { lastEditable } from '../messages/last-editable.ts'
import { MayWrite } from '../moderation/may-write.tsx'
import { isSilent, SilentRoom } from '../rooms/silent-room.tsx'
import { useCity, useOutgoing } from './city-context.tsx'
import { Composer, type ComposerHandle } from './composer.tsx'
import { DropZone } from './drop-zone.tsx'
import { EmptyRoom } from './empty-room.tsx'
import { Log, type LogHandle } from './log.tsx'
import { OfflineBanner } from './offline-banner.tsx'
import { RoomHeader } from './room-header.tsx'
import type { Opened } from './side-panel.tsx'
import { type TalkActions, TalkProvider } from './talk-context.tsx'
import { TypingLine } from './typing-line.tsx'

const SidePanel = piece(async () => (await import('./side-panel.tsx')).SidePanel)

/** A room that one may enter: its header, log, composer and side panel. */
export function Talk({ room }: { room: Room }) {
  const { t } = useTranslation()
  const city = useCity()
  const api = useApi()
  const language = useLanguage()
  const say = useToast()
  const { message: wanted } = useSearch({ from: '/inside/rooms/$room' })
  const store = city.room(room.id)
  const { timeline, state, older, newer, failure } = useSyncExternalStore(store.subscribe, store.state)
  const all = useOutgoing()
  const outgoing = useMemo(
    () => all.filter((entry) => entry.room === room.id && !entry.thread),
    [all, room.id],
  )
  const [readSeq] = useState(room.unread > 0 ? room.readSeq : null)
  const [replyTo, setReplyTo] = useState<Message | null>(null)
  const [panel, setPanel] = useState<Opened | null>(null)
  const [editing, setEditing] = useState<string | null>(null)
  const [target, setTarget] = useState<string | null>(null)
  const composer = useRef<ComposerHandle>(null)
  const log = useRef<LogHandle>(null)
  const arrived = useRef<string | null>(null)

  const goTo = useCallback(
    async (message: string) => {
      let there = false
      try {
        there = await store.reach(message)
      } catch (cause) {
        return say({ text: sentenceOf(failureOf(cause), language) })
      }
      if (!there) {
        const found = await api.city.message({ room: room.id, message }).catch(() => null)
        if (found?.thread === undefined) return say({ text: t('city.messageGone') })
        return setPanel({ kind: 'thread', root: found.thread, target: message })
      }
      setTarget(message)
      requestAnimationFrame(() => log.current?.show(message))
    },
    [store, say, t, api, room.id, language],
  )
  useEffect(() => {
    // Where a keyboard does not cover the screen, one can write at once.
    if (matchMedia('(pointer: fine)').matches) composer.current?.focus()
  }, [])
  // What was marked unread counts as read again when the room is opened the next time.
  useEffect(() => () => city.readAgain(room.id), [city, room.id])
  useEffect(() => () => store.rest(), [store])
  useEffect(() => {
    city.look(room.id)
    return () => city.look(null)
  }, [city, room.id])
  useEffect(() => {
    if (wanted === undefined || state !== 'ready' || arrived.current === wanted) return
    arrived.current = wanted
    void goTo(wanted)
  }, [wanted, state, goTo])

  const actions = useMemo<TalkActions>(
    () => ({
      room,
      thread: null,
      openThread: (root) => setPanel({ kind: 'thread', root, target: null }),
      editing,
      edit(message) {
        setEditing(message)
        if (message === null) composer.current?.focus()
      },
      reply(message) {
        setReplyTo(message)
        composer.current?.focus()
      },
      cite: (citations: readonly Citation[], n) => setPanel({ kind: 'source', citations, n }),
      goTo: (message) => void goTo(message),
      find: (id) => store.state().timeline.messages.find((message) => message.id === id),
      put: store.put,
    }),
    [room, store, goTo, editing],
  )
  // What was said last is known only where the newest are held.
  const latest = timeline.newer === null ? timeline.messages : []
  const [loadOlder, loadNewer, goLatest] = useMemo(
    () => [
      () => void store.loadOlder(),
      () => void store.loadNewer(),
      async () => {
        if (!(await store.latest())) say({ text: t('city.newerFailed') })
      },
    ],
    [store, say, t],
  )
  const onSeen = useCallback(
    (seq: number, newest: boolean) => {
      if (seq > room.readSeq) city.read(room.id, seq, newest)
    },
    [city, room.id, room.readSeq],
  )
  const nothing = state === 'ready' && timeline.messages.length === 0 && outgoing.length === 0
  return (
    <TalkProvider value={actions}>
      <main className="main" id="talk" tabIndex={-1}>
        <RoomHeader
          room={room}
          panel={panel?.kind ?? null}
          onPanel={(kind) => setPanel((open) => (open?.kind === kind ? null : { kind }))}
          onJump={(message) => void goTo(message)}
        />
        <OfflineBanner waiting={all.filter((entry) => !entry.failure).length} />
        <DropZone onFiles={(files) => composer.current?.attach(files)}>
          <div className="log-wrap">
            {state === 'loading' && <TalkSkeleton label={t('city.loadingRoom')} />}
            {state === 'failed' && (
              <EmptyState icon={CircleAlert} title={t('city.roomFailed')}>
                <p>{sentenceOf(failureOf(failure), language)}</p>
                <div className="row">
                  <Button onClick={() => void store.load()}>{t('common.retry')}</Button>
                </div>
              </EmptyState>
            )}
            {nothing && <EmptyRoom room={room} onWrite={() => composer.current?.focus()} />}
            {state === 'ready' && !nothing && (
              <Log
                ref={log}
                label={t('city.log')}
                unread={room.unread}
                after={room.seq}
                timeline={timeline}
                outgoing={outgoing}
                readSeq={readSeq}
                older={older}
                newer={newer}
                onOlder={loadOlder}
                onNewer={loadNewer}
                onLatest={goLatest}
                onLook={store.look}
                onSeen={onSeen}
                target={target}
              />
            )}
          </div>
          <SeenBy room={room} messages={latest} />
          <TypingLine room={room.id} timeline={timeline} />
          {isSilent(room) ? (
            <SilentRoom room={room} />
          ) : (
            <MayWrite
              room={room}
              last={latest.findLast(({ author }) => author.id === city.me.id)?.id}
              outgoing={outgoing}
            >
              <Composer
                ref={composer}
                room={room}
                replyTo={replyTo}
                onReplyDone={() => setReplyTo(null)}
                onSent={() => log.current?.toEnd()}
                onEditLast={() => setEditing(lastEditable(latest, city.me.id))}
              />
            </MayWrite>
          )}
        </DropZone>
      </main>
      {panel && <SidePanel room={room} opened={panel} onChange={setPanel} onClose={() => setPanel(null)} />}
    </TalkProvider>
  )
}
