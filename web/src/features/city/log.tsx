import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDown, CircleAlert } from 'lucide-react'
import {
  type KeyboardEvent,
  type Ref,
  useCallback,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react'
import { useTranslation } from 'react-i18next'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Announcer } from './announcer.tsx'
import { useCity } from './city-context.tsx'
import { useKeepFocus } from './keep-focus.ts'
import { LogRow } from './log-row.tsx'
import type { Outgoing } from './outbox.ts'
import { type Row, rowsOf } from './rows.ts'
import type { Timeline } from './timeline.ts'

export interface LogHandle {
  show(message: string): void
  toEnd(): void
}

interface LogProps {
  ref: Ref<LogHandle>
  room: Room
  timeline: Timeline
  outgoing: readonly Outgoing[]
  /** Up to where the reader had read when the room was opened. */
  readSeq: number | null
  older: 'idle' | 'loading' | 'failed'
  onOlder: () => void
  /** A message that was gone to. */
  target: string | null
}

/** Nearer to the end than this (px), the log follows what comes. */
const END = 80
const ROWS_BEFORE_OLDER = 6

/** A room's history, of which only what is in view is in the page. It follows only at the end, and stays where it is when older messages come in above. */
export function Log({ ref, room, timeline, outgoing, readSeq, older, onOlder, target }: LogProps) {
  const { t } = useTranslation()
  const city = useCity()
  const format = useFormat()
  const { messages, streams } = timeline
  const rows = useMemo(() => {
    const dayOf = (at: string | number) => new Date(at).toDateString()
    return rowsOf({ messages, streams, outgoing, readSeq, me: city.me.id, dayOf })
  }, [messages, streams, outgoing, readSeq, city.me.id])

  const scroller = useRef<HTMLDivElement>(null)
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => guess(rows[index]),
    getItemKey: useCallback((index: number) => rows[index]?.key ?? index, [rows]),
    overscan: 8,
    paddingEnd: 12,
    anchorTo: 'end',
    followOnAppend: true,
    scrollEndThreshold: END,
  })
  const items = virtualizer.getVirtualItems()

  const started = useRef(false)
  useLayoutEffect(() => {
    if (started.current || rows.length === 0) return
    started.current = true
    const fresh = rows.findIndex(({ kind }) => kind === 'new')
    if (fresh >= 0) virtualizer.scrollToIndex(fresh, { align: 'start' })
    else virtualizer.scrollToEnd()
  }, [rows, virtualizer])

  const [atEnd, setAtEnd] = useState(true)
  const following = useRef(true)
  const newest = messages.at(-1)?.seq ?? 0
  const [seen, setSeen] = useState(newest)
  const look = useCallback(() => {
    const element = scroller.current
    if (!element) return
    const end = element.scrollHeight - element.scrollTop - element.clientHeight <= END
    following.current = end
    setAtEnd(end)
    if (!end || document.visibilityState !== 'visible') return
    setSeen(newest)
    if (newest > room.readSeq) city.read(room.id, newest)
  }, [newest, room.id, room.readSeq, city])
  useEffect(() => {
    const frame = requestAnimationFrame(look)
    document.addEventListener('visibilitychange', look)
    return () => {
      cancelAnimationFrame(frame)
      document.removeEventListener('visibilitychange', look)
    }
  }, [look])
  useEffect(() => {
    const element = scroller.current
    if (!element) return
    let height = element.clientHeight
    const watch = new ResizeObserver(() => {
      const changed = element.clientHeight !== height
      height = element.clientHeight
      if (changed && following.current) virtualizer.scrollToEnd()
    })
    watch.observe(element)
    return () => watch.disconnect()
  }, [virtualizer])
  const fresh = messages.filter(({ seq, author }) => seq > seen && author.id !== city.me.id).length

  const first = items[0]?.index ?? 0
  useEffect(() => {
    if (started.current && first < ROWS_BEFORE_OLDER && older === 'idle' && timeline.older !== null) onOlder()
  }, [first, older, timeline.older, onOlder])

  const toEnd = () => requestAnimationFrame(() => virtualizer.scrollToEnd())
  useImperativeHandle(ref, () => ({
    show(message) {
      const index = rows.findIndex((row) => row.kind === 'message' && row.message.id === message)
      if (index < 0) return
      following.current = false
      virtualizer.scrollToIndex(index, { align: 'center' })
    },
    toEnd,
  }))

  const keepFocus = useKeepFocus()
  const move = (event: KeyboardEvent) => {
    const way = { ArrowUp: -1, ArrowDown: 1 }[event.key]
    const here = document.activeElement
    if (way === undefined || event.altKey || !(here instanceof HTMLElement)) return
    if (here !== scroller.current && !here.classList.contains('msg')) return
    event.preventDefault()
    const from = Number(here.closest('[data-index]')?.getAttribute('data-index') ?? rows.length)
    const next = nextMessage(rows, from, way)
    if (next === null) return
    const focus = () => {
      const there = scroller.current?.querySelector<HTMLElement>(`[data-index="${next}"] .msg`)
      there?.focus({ preventScroll: true })
      return there !== null
    }
    virtualizer.scrollToIndex(next)
    // At once where the row is drawn already, so that a second press counts from it; otherwise when it is.
    if (!focus()) requestAnimationFrame(focus)
  }

  return (
    <>
      <div
        ref={scroller}
        className="scroll"
        role="log"
        aria-live="off"
        aria-label={t('city.log')}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        tabIndex={0}
        onScroll={look}
        onKeyDown={move}
        {...keepFocus}
      >
        <Older state={older} more={timeline.older !== null} onRetry={onOlder} />
        <div className="log" style={{ height: virtualizer.getTotalSize() }}>
          {items.map((item) => {
            const row = rows[item.index]
            return (
              row && (
                <div
                  key={item.key}
                  ref={virtualizer.measureElement}
                  data-index={item.index}
                  className="log-row"
                  style={{ transform: `translateY(${item.start}px)` }}
                >
                  <LogRow row={row} target={target} format={format} />
                </div>
              )
            )
          })}
        </div>
      </div>
      {!atEnd && (
        <Button small className="to-end" onClick={toEnd} aria-label={fresh > 0 ? undefined : t('city.toEnd')}>
          <Icon of={ArrowDown} size="s" />
          {fresh > 0 && t('city.fresh', { count: fresh })}
        </Button>
      )}
      <Announcer messages={messages} />
    </>
  )
}

function Older({ state, more, onRetry }: { state: LogProps['older']; more: boolean; onRetry: () => void }) {
  const { t } = useTranslation()
  if (state === 'failed')
    return (
      <div className="log-status">
        <p className="fail justify-center">
          <Icon of={CircleAlert} size="s" />
          {t('city.olderFailed')}
        </p>
        <Button small look="quiet" onClick={onRetry}>
          {t('common.retry')}
        </Button>
      </div>
    )
  return more ? null : <p className="log-status meta">{t('city.beginning')}</p>
}

const HEIGHTS = { day: 38, new: 38, stream: 140, out: 60 } as const

/** A first height (px) until a row is measured. */
function guess(row: Row | undefined): number {
  if (!row) return 60
  if (row.kind !== 'message') return HEIGHTS[row.kind]
  const { text, parts } = row.message
  return (row.continued ? 28 : 50) + 23 * Math.ceil(text.length / 90) + parts.length * 150
}

function nextMessage(rows: readonly Row[], from: number, way: number): number | null {
  for (let index = from + way; index >= 0 && index < rows.length; index += way) {
    const kind = rows[index]?.kind
    if (kind === 'message' || kind === 'out') return index
  }
  return null
}
