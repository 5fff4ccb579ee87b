import type { ServerFrame } from '../../../../src/services/city/city.live.contract.ts'
import type { CalledRun, Message, Part } from '../../../../src/services/city/messages.contract.ts'
import { dressed, keepOwn } from '../messages/dressed.ts'

/** An answer that is being written. */
export interface Stream {
  readonly text: string
  /** Some words before the last ones are not here: they must be fetched. */
  readonly gap: boolean
  /** What the run is at: the kind of its newest step. */
  readonly step: string | null
}

/** What a room's page holds of its history: one stretch without a hole, up to the newest or somewhere before it. */
export interface Timeline {
  /** The root of the thread this is the history of; null for the room itself, from which threads stay away. */
  readonly thread: string | null
  /** By number. */
  readonly messages: readonly Message[]
  /** Pass as `before` to get older ones; null at the room's beginning. */
  readonly older: number | null
  /** Pass as `after` to get newer ones; null where the newest are held, and what comes is added. */
  readonly newer: number | null
  /** By run. */
  readonly streams: Readonly<Record<string, Stream>>
}

export const emptyTimeline: Timeline = { thread: null, messages: [], older: null, newer: null, streams: {} }
const NOTHING: Stream = { text: '', gap: false, step: null }

/** Puts messages in their places; one that is there already is replaced, and one from outside of the stretch stays out. */
export function merge(timeline: Timeline, messages: readonly Message[]): Timeline {
  const { older, newer } = timeline
  const byId = new Map(timeline.messages.map((message) => [message.id, message]))
  for (const message of messages) {
    if ((message.thread ?? null) !== timeline.thread) continue
    if (message.seq < (older ?? 0) || message.seq > (newer ?? Number.POSITIVE_INFINITY)) continue
    byId.set(message.id, keepOwn(byId.get(message.id), message))
  }
  const streams = { ...timeline.streams }
  for (const { run } of messages) if (run !== undefined) delete streams[run]
  return { ...timeline, messages: [...byId.values()].sort((a, b) => a.seq - b.seq), streams }
}

/** At most so many messages: those are let go that are further from the number where the reader is. */
export function bounded(timeline: Timeline, most: number, place: number): Timeline {
  const { messages } = timeline
  if (messages.length <= most) return timeline
  const at = messages.findIndex(({ seq }) => seq >= place)
  const middle = (at < 0 ? messages.length : at) - (most >> 1)
  const from = Math.max(0, Math.min(middle, messages.length - most))
  const kept = messages.slice(from, from + most)
  return {
    ...timeline,
    messages: kept,
    older: from === 0 ? timeline.older : (kept[0]?.seq ?? null),
    newer: from + most === messages.length ? timeline.newer : (kept.at(-1)?.seq ?? null),
  }
}

/** What a frame changes for the reader `me`. The same frame again changes nothing, nor does a frame that is not about messages. */
export function applyFrame(timeline: Timeline, frame: ServerFrame, me = ''): Timeline {
  switch (frame.type) {
    case 'message':
      return merge(timeline, [frame.message])
    case 'edited':
    case 'deleted':
      return change(timeline, frame.message.id, (before) => keepOwn(before, frame.message))
    case 'reaction':
    case 'pinned':
    case 'poll':
    case 'thread':
      return change(timeline, frame.message, (message) => dressed(message, frame, me))
    case 'part':
      return change(timeline, frame.message, (message) => withPart(message, frame.index, () => frame.part))
    case 'progress': {
      const { done, total } = frame
      const move = (part: Part) => (part.state === 'pending' ? { ...part, progress: { done, total } } : part)
      return change(timeline, frame.message, (message) => withPart(message, frame.index, move))
    }
    case 'runs': {
      const { runs } = frame
      return withoutEnded(
        change(timeline, frame.message, (message) => ({ ...message, runs })),
        runs,
      )
    }
    case 'delta':
      return withStream(timeline, frame.run, (stream) => applyDelta(stream, frame.offset, frame.text))
    case 'run':
      return withStream(timeline, frame.run, (stream) => ({ ...stream, step: frame.step }))
    default:
      return timeline
  }
}

/** Adds words at their offset. Words said again replace themselves; an offset of 0 starts anew; words after a hole wait for a fetch. */
export function applyDelta(stream: Stream, offset: number, text: string): Stream {
  if (offset > stream.text.length) return { ...stream, gap: true }
  return { ...stream, text: stream.text.slice(0, offset) + text }
}

/** What a fetched run says, where it is further than the words that came by. */
export function catchUp(timeline: Timeline, run: string, text: string, step: string | null): Timeline {
  return withStream(timeline, run, (stream) => ({
    text: text.length > stream.text.length ? text : stream.text,
    gap: false,
    step: stream.step ?? step,
  }))
}

/** The message that called a run which is not at its end, with that run. */
export function openRuns(messages: readonly Message[]): { message: Message; run: CalledRun }[] {
  const answered = new Set(messages.map(({ run }) => run))
  return messages.flatMap((message) =>
    message.runs
      .filter(({ id, state }) => (state === 'queued' || state === 'running') && !answered.has(id))
      .map((run) => ({ message, run })),
  )
}

function change(timeline: Timeline, id: string, how: (message: Message) => Message): Timeline {
  const at = timeline.messages.findIndex((message) => message.id === id)
  const message = timeline.messages[at]
  return message ? { ...timeline, messages: timeline.messages.with(at, how(message)) } : timeline
}

function withPart(message: Message, index: number, how: (part: Part) => Part): Message {
  const part = message.parts[index]
  return part ? { ...message, parts: message.parts.with(index, how(part)) } : message
}

function withStream(timeline: Timeline, run: string, how: (stream: Stream) => Stream): Timeline {
  if (timeline.messages.some((message) => message.run === run)) return timeline
  return { ...timeline, streams: { ...timeline.streams, [run]: how(timeline.streams[run] ?? NOTHING) } }
}

function withoutEnded(timeline: Timeline, runs: readonly CalledRun[]): Timeline {
  const streams = { ...timeline.streams }
  for (const { id, state } of runs) if (state === 'failed' || state === 'cancelled') delete streams[id]
  return { ...timeline, streams }
}
