import type { Message } from '../../src/services/city/messages.contract.ts'
import { type RunningCity, startCity, temporaryFolder } from '../kit/city.ts'
import { openAiServer } from '../kit/openai-server.ts'
import { everywhere, firstOwner, type Resident, resident, until } from '../kit/resident.ts'
import { type Audit, audit, createLedger } from './ledger.ts'
import { MOMENTS, type Moment, reach } from './moments.ts'

export interface Chaos {
  readonly rounds: number
  readonly seed: number
  readonly fixtures: string
  /** Models, and a database other than the embedded one. */
  readonly env: Readonly<Record<string, string>>
  report(line: string): void
}

export interface ChaosResult extends Audit {
  /** Kills that were seen to land in the middle of each kind of work. */
  readonly landed: Readonly<Record<Moment, number>>
  /** Whether the room's numbers are 1, 2, 3 … without a gap. */
  readonly gapless: boolean
}

/** Kills a city with SIGKILL, round after round, in the middle of what it does, and starts it again on what is left; a client's ledger says what must stand in the end. */
export async function runChaos({ rounds, seed, fixtures, env, report }: Chaos): Promise<ChaosResult> {
  using folder = temporaryFolder()
  await using model = await openAiServer()
  // About two seconds a stream: time enough to land in it.
  model.always({ tokens: Array.from({ length: 40 }, (_, n) => `слово${n} `), delayMs: 40 })
  const random = seeded(seed)
  const landed: Record<Moment, number> = { transcription: 0, ocr: 0, ingest: 0, stream: 0, commit: 0 }
  const ledger = createLedger()
  const open = () =>
    startCity({ ...env, DATA_DIR: folder.path, LLM_URL: `${model.url}`, LLM_MODEL: 'scripted' })
  let city: RunningCity = await open()
  try {
    const { key } = await firstOwner(city)
    let client = resident(everywhere(city.url), key)
    const room = await client.ownRoom()
    for (let round = 1; round <= rounds; round++) {
      const moment = MOMENTS[(round - 1) % MOMENTS.length] ?? 'commit'
      const scene = { client, ledger, room, pid: city.pid, streamed: model.sent, fixtures, round, random }
      const seen = await reach(moment, scene)
      await city.kill()
      if (seen) landed[moment]++
      report(`round ${round}: killed in the middle of ${moment}${seen ? '' : ' (not seen under way)'}`)
      city = await open()
      client = resident(everywhere(city.url), key)
      await ledger.resend(client)
    }
    const standing = await settled(client, room)
    return { ...audit(ledger, standing), landed, gapless: await isGapless(client, room) }
  } finally {
    await city.kill()
  }
}

/** Everything in the room once nothing is under way any more, or after five minutes. */
async function settled(client: Resident, room: string): Promise<readonly Message[]> {
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
