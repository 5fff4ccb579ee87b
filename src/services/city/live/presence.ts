import { z } from 'zod'
import type { Clock } from '../../../kernel/clock.ts'
import type { Ids } from '../../../kernel/ids.ts'
import { type Events, lineResumed } from '../../../platform/events/events.ts'
import type { Kv } from '../../../platform/kv/kv.ts'
import { presenceChanged } from './channels.ts'

/** What is shown of a person; whoever is shown as nothing is gone. `room` is the one they have open before their eyes. */
export interface Shown {
  readonly state: 'here' | 'away'
  readonly room: string | null
}

/** One client of a person's, as it last reported. Whoever reports keeps it. */
export interface Reporter {
  readonly person: string
  shown: Shown | null
  /** When it was last heard, in milliseconds since 1970. */
  heardAt: number
  /** Another client of the same person's. */
  next: Reporter | null
}

/** Who is here, in the whole city: every process knows it all, from memory. */
export interface Presence {
  of(person: string): Shown | undefined
  /** The people who have a room open before their eyes. */
  inRoom(room: string): readonly string[]
  readonly people: ReadonlyMap<string, Shown>
  /** Notes what a client of this process reported. */
  report(reporter: Reporter, shown: Shown): void
  leave(reporter: Reporter): void
  /** Hears of those who changed, together, once a second at most. */
  changed(heard: (people: readonly (readonly [person: string, shown: Shown | undefined])[]) => void): void
  /** Keeps up with the other processes until the signal aborts, then says good-bye to them. */
  run(signal: AbortSignal): Promise<void>
}

export interface PresenceNeeds {
  readonly kv: Kv
  readonly events: Events
  readonly clock: Clock
  readonly ids: Ids
  /** Hears that the store could not be reached. */
  readonly failed: (failure: unknown) => void
}

const TICK_MS = 1_000
/** A process gives a sign and reads the others' this often. */
const BEAT_MS = 15_000
/** A beat that could not be put down is tried again sooner. */
const AGAIN_MS = 3_000
/** One a tick, after the line between the processes was broken. */
const HURRIED_BEATS = 6
/** One that gave none for so long is dead, and its people gone: its last sign is seen a beat late at most, and that it is dead a beat later, so within 90 s. */
const DEAD_MS = 50_000
/** Clients report once a minute; one that is silent for longer, its socket open or not, is gone. */
const SILENT_MS = 75_000
/** People in one word to the other processes. */
const WORD = 2_000
const PROCESSES = 'presence:processes'

const Word = z.tuple([z.string(), z.enum(['here', 'away']), z.string().nullable()])
/** What a process puts down for the others: its people, after so many words and beats. */
const Snapshot = z.object({ version: z.number(), beat: z.number(), people: z.array(Word) })
const Processes = z.array(z.string())

/** Another process, as far as it is known here. */
interface Other {
  people: Map<string, Shown>
  /** After how many of its words; -1 where one was missed. */
  version: number
  beat: number
  aliveAt: number
}

/** Presence over any number of processes: each tells its changes in one word a second, and puts all of its people down where the others find them when a word was lost or a process is new. What is put down ends by itself, so that nobody outlives the process that saw them. */
export function createPresence({ kv, events, clock, ids, failed }: PresenceNeeds): Presence {
  const me = ids.make('proc')
  const own = new Map<string, Reporter>()
  const others = new Map<string, Other>()
  const shown = new Map<string, Shown>()
  const rooms = new Map<string, Set<string>>()
  const untold = new Map<string, Shown | undefined>()
  const stale = new Set<string>()
  const listeners: Parameters<Presence['changed']>[0][] = []
  let version = 0
  let beat = 0

  const ownState = (person: string): Shown | undefined => {
    let best: Shown | undefined
    for (let one = own.get(person) ?? null; one; one = one.next)
      if (one.shown && (!best || rank(one.shown) > rank(best))) best = one.shown
    return best
  }
  const merged = (person: string): Shown | undefined => {
    let best = ownState(person)
    for (const { people } of others.values()) {
      const there = people.get(person)
      if (there && (!best || rank(there) > rank(best))) best = there
    }
    return best
  }
  const goOut = (room: string | null, person: string): void => {
    const people = room === null ? undefined : rooms.get(room)
    if (room !== null && people?.delete(person) && people.size === 0) rooms.delete(room)
  }
  const comeIn = (room: string | null, person: string): void => {
    if (room === null) return
    const people = rooms.get(room)
    if (people) people.add(person)
    else rooms.set(room, new Set([person]))
  }
  const inSight = (one: Shown | undefined): string | null => (one?.state === 'here' ? one.room : null)

  /** Looks again at whoever may have changed, and tells. */
  const settle = (): void => {
    const news: [string, Shown | undefined][] = []
    for (const person of stale) {
      const before = shown.get(person)
      const after = merged(person)
      if (same(before, after)) continue
      goOut(inSight(before), person)
      comeIn(inSight(after), person)
      if (after) shown.set(person, after)
      else shown.delete(person)
      if (before?.state !== after?.state) news.push([person, after])
    }
    stale.clear()
    if (news.length > 0) for (const heard of listeners) heard(news)
  }

  const tell = (people: readonly (readonly [string, Shown | undefined])[], bye = false): void => {
    version++
    const words = people.map(([person, one]): [string, 'here' | 'away' | 'gone', string | null] => [
      person,
      one?.state ?? 'gone',
      one?.room ?? null,
    ])
    events.broadcast(presenceChanged, { process: me, version, people: words, ...(bye && { bye }) })
  }

  const ownChanged = (person: string, before: Shown | undefined): void => {
    const after = ownState(person)
    if (same(before, after)) return
    untold.set(person, after)
    stale.add(person)
  }

  /** Its people are gone; its last beat is kept while what it put down is still to be found, so that nobody comes back by that. */
  const forget = (process: string): void => {
    const other = others.get(process)
    if (!other) return
    for (const person of other.people.keys()) stale.add(person)
    other.people = new Map()
    other.version = -1
  }
  const isDead = (other: Other | undefined): boolean =>
    other !== undefined && clock.now() - other.aliveAt > DEAD_MS
  const known = (process: string): Other => {
    const there = others.get(process)
    if (there) return there
    const other = { people: new Map<string, Shown>(), version: -1, beat: -1, aliveAt: clock.now() }
    others.set(process, other)
    return other
  }

  const hear = ({ process, version: said, people, bye }: z.output<typeof presenceChanged.data>): void => {
    if (process === me) return
    if (bye) {
      forget(process)
      return
    }
    const other = known(process)
    other.aliveAt = clock.now()
    other.version = said === other.version + 1 ? said : -1
    for (const [person, state, room] of people) {
      if (state === 'gone') other.people.delete(person)
      else other.people.set(person, { state, room })
      stale.add(person)
    }
  }

  const putDown = async (): Promise<void> => {
    const people = [...own.keys()].flatMap((person): z.infer<typeof Word>[] => {
      const one = ownState(person)
      return one ? [[person, one.state, one.room]] : []
    })
    const snapshot = JSON.stringify({ version, beat: ++beat, people } satisfies z.infer<typeof Snapshot>)
    await kv.set(keyOf(me), snapshot, DEAD_MS)
  }

  const pickUp = async (): Promise<void> => {
    const listed = readJson(Processes, await kv.get(PROCESSES)) ?? []
    const alive = [me]
    for (const process of new Set([...listed, ...others.keys()])) {
      if (process === me) continue
      const snapshot = readJson(Snapshot, await kv.get(keyOf(process)))
      if (!snapshot) {
        if (isDead(others.get(process))) others.delete(process)
        continue
      }
      alive.push(process)
      const other = known(process)
      if (snapshot.beat === other.beat) continue
      other.beat = snapshot.beat
      other.aliveAt = clock.now()
      if (snapshot.version <= other.version) continue
      for (const person of other.people.keys()) stale.add(person)
      other.version = snapshot.version
      other.people = new Map(snapshot.people.map(([person, state, room]) => [person, { state, room }]))
      for (const person of other.people.keys()) stale.add(person)
    }
    // Two that write at once may lose one another's name until the next beat.
    await kv.set(PROCESSES, JSON.stringify(alive), DEAD_MS)
  }

  const expire = (): void => {
    const now = clock.now()
    for (const [process, other] of others) if (isDead(other)) forget(process)
    for (const [person, first] of own) {
      const before = ownState(person)
      for (let one: Reporter | null = first; one; one = one.next)
        if (one.shown && now - one.heardAt > SILENT_MS) one.shown = null
      ownChanged(person, before)
    }
  }

  return {
    of: (person) => shown.get(person),
    inRoom: (room) => [...(rooms.get(room) ?? [])],
    people: shown,
    changed: (heard) => void listeners.push(heard),

    report(reporter, next) {
      const before = ownState(reporter.person)
      reporter.heardAt = clock.now()
      if (!same(reporter.shown ?? undefined, next)) reporter.shown = next
      let there = own.get(reporter.person) ?? null
      while (there && there !== reporter) there = there.next
      if (!there) {
        reporter.next = own.get(reporter.person) ?? null
        own.set(reporter.person, reporter)
      }
      ownChanged(reporter.person, before)
    },

    leave(reporter) {
      const before = ownState(reporter.person)
      const first = own.get(reporter.person)
      if (first === reporter) {
        if (reporter.next) own.set(reporter.person, reporter.next)
        else own.delete(reporter.person)
      } else
        for (let one = first; one; one = one.next ?? undefined)
          if (one.next === reporter) one.next = reporter.next
      reporter.next = null
      ownChanged(reporter.person, before)
    },

    async run(signal) {
      let due = 0
      let hurried = 0
      const unlisten = [
        events.listen(presenceChanged, hear),
        // What was broadcast meanwhile is lost, and others may still be on their way back.
        events.listen(lineResumed, () => {
          hurried = HURRIED_BEATS
        }),
      ]
      try {
        for (let ticks = 0; !signal.aborted; ticks++) {
          if (ticks >= due || hurried > 0) {
            expire()
            if (untold.size === 0) tell([])
            const isPut = await putDown()
              .then(pickUp)
              .then(
                () => true,
                (failure: unknown) => failed(failure),
              )
            hurried = Math.max(0, hurried - 1)
            due = ticks + (isPut ? BEAT_MS : AGAIN_MS) / TICK_MS
          }
          const people = [...untold]
          untold.clear()
          for (let i = 0; i < people.length; i += WORD) tell(people.slice(i, i + WORD))
          settle()
          await clock.sleep(TICK_MS, signal)
        }
      } catch (failure) {
        if (!signal.aborted) throw failure
      } finally {
        for (const stop of unlisten) stop()
        tell([], true)
        await kv.delete(keyOf(me)).catch(failed)
      }
    },
  }
}

const keyOf = (process: string): string => `presence:${process}`
const rank = ({ state, room }: Shown): number => (state === 'here' ? 2 : 0) + (room === null ? 0 : 1)
const same = (a: Shown | undefined, b: Shown | undefined): boolean =>
  a?.state === b?.state && a?.room === b?.room

/** What was put down by an older or newer city than this one is as nothing. */
function readJson<T>(type: z.ZodType<T>, text: string | null): T | undefined {
  if (text === null) return undefined
  const read = type.safeParse(JSON.parse(text))
  return read.success ? read.data : undefined
}
