import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDown, CircleAlert } from 'lucide-react'
import {
  type KeyboardEvent,
  type ReactNode,
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

type Fetching = 'idle' | 'loading' | 'failed'

export interface LogHandle {
  show(message: string): void
  toEnd(): void
}

interface LogProps {
  ref: Ref<LogHandle>
  label: string
  /** What a thread begins with; its days are not told. */
  head?: ReactNode
  /** How many are unread where the newest are not held. */
  unread: number
  /** Answers up to this number are history. */
  after: number
  timeline: Timeline
  outgoing: readonly Outgoing[]
  /** Up to where the reader had read when the room was opened. */
  readSeq: number | null
  older: Fetching
  newer: Fetching
  onOlder: () => void
  onNewer: () => void
  /** The reader goes to the newest, which may not be held. */
  onLatest: () => Promise<void>
  /** The number of the last message that was wholly before the reader's eyes, and whether it is the newest. */
  onSeen: (seq: number, newest: boolean) => void
  /** The number of the message that is in the middle of the view. */
  onLook: (seq: number) => void
  /** A message that was gone to. */
  target: string | null
}

/** Nearer to the end than this (px), the log follows what comes. */
const END = 80
/** A page is fetched when so few rows are left before it. */
const ROWS_AHEAD = 30
/** Heights of rows that are remembered. */
const HEIGHTS_KEPT = 2_000

/** A stretch of the history of a room or a thread, of which only what is in view is in the page. It follows only at the end, and stays where it is when messages come in above or are let go. */
export function Log(props: LogProps) {
  const { ref, label, head, unread, after, timeline, outgoing, readSeq, older, newer, target } = props
  const { onOlder, onNewer, onLatest, onLook, onSeen } = props
  const { t } = useTranslation()
  const city = useCity()
  const format = useFormat()
  const { messages, streams } = timeline
  const whole = timeline.older === null
  const current = timeline.newer === null
  const headed = head !== undefined
  const rows = useMemo(() => {
    const dayOf = (at: string | number) => new Date(at).toDateString()
    const found = rowsOf({ messages, streams, outgoing, readSeq, me: city.me.id, dayOf, whole, current })
    return headed ? [HEAD, ...found.filter(({ kind }) => kind !== 'day')] : found
  }, [messages, streams, outgoing, readSeq, city.me.id, whole, current, headed])

  const scroller = useRef<HTMLDivElement>(null)
  // The page that reaches the newest is history still: only what comes after it is followed.
  const wasCurrent = useRef(current)
  useEffect(() => {
    wasCurrent.current = current
  }, [current])
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => guess(rows[index]),
    getItemKey: useCallback((index: number) => rows[index]?.key ?? index, [rows]),
    overscan: 8,
    paddingEnd: 12,
    anchorTo: 'end',
    followOnAppend: current && wasCurrent.current,
    scrollEndThreshold: END,
  })
  const items = virtualizer.getVirtualItems()
  useEffect(() => {
    const { itemSizeCache } = virtualizer
    if (itemSizeCache.size <= HEIGHTS_KEPT) return
    const held = new Set<unknown>(rows.map(({ key }) => key))
    for (const key of itemSizeCache.keys()) if (!held.has(key)) itemSizeCache.delete(key)
  }, [rows, virtualizer])

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
  const [seen, setSeen] = useState(readSeq ?? newest)
  const look = useCallback(() => {
    const element = scroller.current
    if (!element) return
    const end = current && element.scrollHeight - element.scrollTop - element.clientHeight <= END
    const middle = virtualizer.getVirtualItemForOffset(element.scrollTop + element.clientHeight / 2)
    const seq = seqAt(rows, middle?.index ?? rows.length)
    if (seq !== null) onLook(end ? Number.POSITIVE_INFINITY : seq)
    following.current = end
    setAtEnd(end)
    if (document.visibilityState !== 'visible') return
    const bottom = element.scrollTop + element.clientHeight
    const lowest = virtualizer.getVirtualItems().findLast((item) => item.end <= bottom)
    const last = end ? newest : lowest && seqAt(rows, lowest.index)
    if (!last) return
    setSeen((before) => Math.max(before, last))
    onSeen(last, end)
  }, [newest, current, rows, virtualizer, onLook, onSeen])
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
  const unseen = messages.filter(({ seq, author }) => seq > seen && author.id !== city.me.id).length
  const fresh = current ? unseen : unread

  const first = items[0]?.index ?? 0
  const left = rows.length - 1 - (items.at(-1)?.index ?? 0)
  useEffect(() => {
    if (!started.current) return
    if (first < ROWS_AHEAD && older === 'idle' && !whole) onOlder()
    if (left < ROWS_AHEAD && newer === 'idle' && !current) onNewer()
  }, [first, left, older, newer, whole, current, onOlder, onNewer])

  const toEnd = async () => {
    await onLatest()
    requestAnimationFrame(() => virtualizer.scrollToEnd())
  }
  useImperativeHandle(ref, () => ({
    show(message) {
      const index = rows.findIndex((row) => row.kind === 'message' && row.message.id === message)
      if (index < 0) return
      following.current = false
      virtualizer.scrollToIndex(index, { align: 'center' })
    },
    toEnd: () => void toEnd(),
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
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        tabIndex={0}
        onScroll={look}
        onKeyDown={move}
        {...keepFocus}
      >
        {whole && !headed && <p className="log-status meta">{t('city.beginning')}</p>}
        <Missing state={older} what={t('city.olderFailed')} onRetry={onOlder} />
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
                  {row.kind === 'head' ? head : <LogRow row={row} target={target} format={format} />}
                </div>
              )
            )
          })}
        </div>
        <Missing state={newer} what={t('city.newerFailed')} onRetry={onNewer} />
      </div>
      {!atEnd && (
        <Button
          small
          className="to-end"
          onClick={() => void toEnd()}
          aria-label={fresh > 0 ? undefined : t('city.toEnd')}
        >
          <Icon of={ArrowDown} size="s" />
          {fresh > 0 && t('city.fresh', { count: fresh })}
        </Button>
      )}
      <Announcer messages={messages} after={after} />
    </>
  )
}

/** A page of history that did not come. */
function Missing({ state, what, onRetry }: { state: Fetching; what: string; onRetry: () => void }) {
  const { t } = useTranslation()
  if (state !== 'failed') return null
  return (
    <div className="log-status">
      <p className="fail justify-center">
        <Icon of={CircleAlert} size="s" />
        {what}
      </p>
      <Button small look="quiet" onClick={onRetry}>
        {t('common.retry')}
      </Button>
    </div>
  )
}

const HEAD: Row = { kind: 'head', key: 'head' }
const HEIGHTS = { head: 120, day: 38, new: 38, stream: 140, out: 60 } as const

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

/** The number of the last message at a row or before it. */
function seqAt(rows: readonly Row[], index: number): number | null {
  for (let at = Math.min(index, rows.length - 1); at >= 0; at--) {
    const row = rows[at]
    if (row?.kind === 'message') return row.message.seq
  }
  return null
}
