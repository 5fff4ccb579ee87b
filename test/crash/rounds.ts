import type { Message } from '../../src/services/city/messages.contract.ts'
import { openAiServer } from '../kit/openai-server.ts'
import { firstOwner, newcomer, type Resident, resident, until } from '../kit/resident.ts'
import { type Actor, actOnce, probe } from './acts.ts'
import { type Book, openBook } from './book.ts'
import { type Moderated, moderateOnce } from './keeper.ts'
import { type Audit, audit, createLedger, type Ledger } from './ledger.ts'
import { type Aim, MOMENTS, type Moment, reach } from './moments.ts'
import { openPlace, type Place, type Shape, type Victim } from './place.ts'
import { differences } from './verdict.ts'
import { openWitness } from './witness.ts'

export interface Chaos {
  readonly shape: Shape
  readonly rounds: number
  readonly seed: number
  readonly fixtures: string
  /** Models, and what else the city's processes get. */
  readonly env: Readonly<Record<string, string>>
  /** What the rounds go through in turn. */
  readonly aims: readonly Aim[]
  /** So many more rounds at most, until a kill has landed in the middle of every kind of work. */
  readonly more?: number
  report(line: string): void
}

export interface ChaosResult extends Audit {
  readonly rounds: number
  /** Kills that were seen to land in the middle of each kind of work. */
  readonly landed: Readonly<Record<Moment, number>>
  /** Whether the numbers of the room where agents answer are 1, 2, 3 … without a gap. */
  readonly gapless: boolean
  /** Where the city, its clients and what was acknowledged differ. */
  readonly differences: readonly string[]
  /** Acts that were acknowledged, by kind. */
  readonly acts: Readonly<Record<string, number>>
  /** How long after each kill everybody was served again, in milliseconds, by who was killed. */
  readonly servedMs: Readonly<Record<string, readonly number[]>>
  /** How many times lines of clients broke. */
  readonly breaks: number
}

const ACTS_A_ROUND = 6
/** NATS and Redis stay away for up to so long; the city goes on meanwhile. */
const AWAY_MS = 2_000

/** Kills parts of a city with SIGKILL, round after round, in the middle of what it does, and starts them again on what is left; what clients were told says what must stand in the end. */
export async function runChaos(chaos: Chaos): Promise<ChaosResult> {
  await using model = await openAiServer()
  // About two seconds a stream: time enough to land in it.
  model.always({ tokens: Array.from({ length: 40 }, (_, n) => `слово${n} `), delayMs: 40 })
  const env = { ...chaos.env, POSTS_PER_MINUTE: '1000000', LLM_URL: `${model.url}`, LLM_MODEL: 'scripted' }
  await using place = await openPlace(chaos.shape, env, (fallen) => chaos.report(fallen))
  const scene = await settle(place, chaos)
  const { actors, book, ledger, owner, room, landed, servedMs, moderated } = scene
  try {
    let round = 0
    while (round < chaos.rounds) await runRound(scene, ++round, aimOf(chaos, round), model.sent)
    for (const last = round + (chaos.more ?? 0); round < last && missed(landed).length > 0; )
      await runRound(scene, ++round, missed(landed), model.sent)
    await ledger.resend(owner)
    const rooms = actors[0]?.rooms ?? []
    const { banned } = book.held
    while (book.held.banned) await moderateOnce(moderated, book)
    if (banned) chaos.report('who was banned in the end was let in again')
    const found = await differences({ reader: owner, book, actors, rooms, moderated })
    const standing = await atRest(owner, room)
    return {
      ...audit(ledger, standing),
      rounds: round,
      landed,
      gapless: await isGapless(owner, room),
      differences: found,
      acts: book.acts,
      servedMs,
      breaks: actors.reduce((sum, { witness }) => sum + witness.breaks, 0),
    }
  } finally {
    for (const { witness } of actors) witness.close()
  }
}

interface Scene {
  readonly chaos: Chaos
  readonly place: Place
  readonly actors: readonly Actor[]
  readonly moderated: Moderated
  readonly book: Book
  readonly ledger: Ledger
  readonly owner: Resident
  /** Where agents answer everything. */
  readonly room: string
  readonly landed: Record<Moment, number>
  readonly servedMs: Record<string, number[]>
  /** 0…1 */
  readonly random: () => number
}

/** Four people who live in the city, at one door or another, two rooms they share and one where one of them is held. */
async function settle(place: Place, chaos: Chaos): Promise<Scene> {
  const random = seeded(chaos.seed)
  const [first, last = first] = [place.doors[0], place.doors.at(-1)]
  if (!first || !last) throw new Error('a city without a door')
  const owner = await firstOwner({ urls: first, welcome: place.welcome })
  const open = async (name: string) => (await owner.city.openRoom({ name, visibility: 'public' })).id
  const rooms = [await open('Майдан'), await open('Сквер')]
  const aside = await open('Кав’ярня')
  const people = [owner]
  for (const [name, door] of [
    ['Тарас', last],
    ['Ганна', first],
    ['Богдан', last],
  ] as const)
    people.push(resident(door, (await newcomer(owner, name)).key))
  const actors = await Promise.all(
    people.map(async (one, i): Promise<Actor> => {
      const { id, name } = await one.auth.me({})
      const witness = openWitness(name, one)
      for (const room of [...rooms, aside]) witness.follow(room)
      return { id, resident: one, witness, rooms, keeps: i === 0, random: seeded(chaos.seed + i + 1) }
    }),
  )
  const [keeper, held] = [actors[0], actors[3]]
  if (!keeper || !held) throw new Error('a city without people')
  return {
    chaos,
    place,
    actors,
    moderated: { room: aside, keeper: { ...keeper, random: seeded(chaos.seed - 1) }, held },
    book: openBook(),
    ledger: createLedger(),
    owner,
    room: await owner.ownRoom(),
    landed: { transcription: 0, ocr: 0, ingest: 0, stream: 0, commit: 0 },
    servedMs: {},
    random,
  }
}

const aimOf = ({ aims }: Chaos, round: number): Aim => aims[(round - 1) % aims.length] ?? []

const missed = (landed: Scene['landed']): Moment[] => MOMENTS.filter((moment) => landed[moment] === 0)

async function runRound(scene: Scene, round: number, aim: Aim, streamed: () => number): Promise<void> {
  const { chaos, place, actors, moderated, book, ledger, owner, room, landed, servedMs, random } = scene
  const acting = Promise.all([
    ...actors.map(async (actor) => {
      for (let n = 0; n < ACTS_A_ROUND; n++) await actOnce(actor, book)
    }),
    moderateOnce(moderated, book),
  ])
  // Looked at below; a failure meanwhile is no unhandled one.
  acting.catch(() => undefined)
  const pids = () => place.victims.flatMap(({ pid }) => (pid === 0 ? [] : [pid]))
  const { fixtures } = chaos
  const victim = victimOf(scene, round)
  if (aim.length === 0) await pause(random() * 300)
  const work = { client: owner, ledger, room, pids, streamed, fixtures, round, random }
  const seen = await reach(aim, work)
  const began = Date.now()
  await victim.kill()
  let servedAfterMs = 0
  const served = async () => {
    // Whoever waits longest at a door counts.
    await Promise.all(doorkeepers(actors).map((actor) => probe(actor, book)))
    servedAfterMs = Date.now() - began
    servedMs[victim.name] = [...(servedMs[victim.name] ?? []), servedAfterMs]
  }
  await Promise.all([comeBack(victim, random), served()])
  for (const moment of seen) landed[moment]++
  chaos.report(
    `round ${round}: ${victim.name} killed in the middle of ${['acts', ...seen].join(', ')}${unseen(aim, seen)}, served again after ${servedAfterMs} ms`,
  )
  await acting
  await ledger.resend(owner)
}

const unseen = (aim: Aim, seen: readonly Moment[]): string => {
  const rest = aim.filter((moment) => !seen.includes(moment))
  return rest.length > 0 ? ` (${rest.join(', ')} not seen under way)` : ''
}

/** One of those who live at each door. */
const doorkeepers = (actors: readonly Actor[]): readonly Actor[] =>
  actors.filter(
    ({ resident: { at } }, i) => actors.findIndex((other) => other.resident.at.city === at.city) === i,
  )

/** Everybody has a turn, in a new order each time. */
function victimOf({ place, chaos }: Scene, round: number): Victim {
  const { victims } = place
  const turn =
    (round -
      1 +
      Math.floor(seeded(chaos.seed + Math.floor((round - 1) / victims.length))() * victims.length)) %
    victims.length
  const victim = victims[turn]
  if (!victim) throw new Error('there is nobody to kill')
  return victim
}

async function comeBack(victim: Victim, random: () => number): Promise<void> {
  if (['nats', 'redis'].includes(victim.name)) await pause(random() * AWAY_MS)
  await victim.start()
}

/** Everything in the room once nothing is under way any more, or after five minutes. */
async function atRest(client: Resident, room: string): Promise<readonly Message[]> {
  const all = async () => {
    const items: Message[] = []
    for (let after: number | undefined = 0; after !== undefined; ) {
      const page: Awaited<ReturnType<Resident['city']['messages']>> = await client.city.messages({
        room,
        after,
        limit: 200,
      })
      items.push(...page.items)
      after = page.next
    }
    return items
  }
  const quiet = (items: readonly Message[]) =>
    items.every(
      ({ parts, runs }) =>
        parts.every(({ state }) => state !== 'pending') &&
        runs.every(({ state }) => state !== 'queued' && state !== 'running'),
    )
  await until(all, quiet, 'the room to come to rest', 300_000).catch(() => undefined)
  // Read anew: an answer may have been stored between the messages and the runs of one reading.
  return await all()
}

/** Reads the room's whole log by the live socket and looks at its numbers. */
async function isGapless(client: Resident, room: string): Promise<boolean> {
  const numbers = await client.log(room)
  return numbers.length > 0 && numbers.every((seq, index) => seq === index + 1)
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

/** Mulberry32: the same seed, the same kills as far as time allows. */
function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
