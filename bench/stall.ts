import { randomFillSync } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { BAD } from '../test/kit/bad-files.ts'
import { type RunningCity, startCity, temporaryFolder } from '../test/kit/city.ts'
import { firstOwner, type Resident } from '../test/kit/resident.ts'
import { type Row, type Target, target } from './measure.ts'

const GOAL_MS = 50
/** Node's monitor looks every 10 ms, and counts them in. */
const STEP_MS = 10
const QUIET_MS = 3_000
const POSTS_SECONDS = 5
const POSTS_PER_SECOND = 30
const UPLOAD_BYTES = 24_000_000

interface Load {
  readonly what: string
  run(who: Resident, room: string): Promise<unknown>
}

/** How long the event loop of a running city stood still at worst, by the city's own monitor, while heavy and hostile things came in; beside a process that does nothing, which shows what the machine itself held up meanwhile. */
export async function stall(): Promise<readonly Row[]> {
  using folder = temporaryFolder()
  const { FIXTURES_DIR: fixtures = '', MODELS_DIR: models } = process.env
  await using city = await startCity({ DATA_DIR: folder.path, ...(models && { MODELS_DIR: models }) })
  await using idle = await target('idle.ts')
  const who = await firstOwner(city)
  const room = await who.ownRoom()
  // The first of everything compiles code; the figures are of a city that has been used.
  await who.say(room, 'Добрий день')
  const loads = [REST, ...hostile(), ...(existsSync(fixtures) ? heavy(fixtures) : [])]
  const rows: Row[] = []
  for (const { run, what } of loads) {
    await Promise.all([lagOf(city), lagOfIdle(idle)])
    await run(who, room)
    rows.push(row(what, await lagOf(city), await lagOfIdle(idle)))
  }
  if (!fixtures) console.log('left out: PDF and transcription, because FIXTURES_DIR is not set')
  return rows
}

const REST: Load = { what: 'rest', run: () => pause(QUIET_MS) }

const hostile = (): readonly Load[] => [
  {
    what: `an upload of ${UPLOAD_BYTES / 1_000_000} MB`,
    run: async (who) => expect(201, await who.uploadBytes(sound(UPLOAD_BYTES), 'noise.wav', 'audio/wav')),
  },
  {
    what: 'a text of 1 MB',
    run: async (who, room) => {
      const { status } = await who.send(room, { clientId: crypto.randomUUID(), text: 'ї'.repeat(500_000) })
      if (status < 400 || status > 499) throw new Error(`1 MB of text was answered ${status}`)
    },
  },
  refused('bomb.docx', 'a zip bomb in a DOCX'),
  refused('bomb.png', 'a PNG of 2,500 megapixels'),
  {
    what: `${POSTS_PER_SECOND} posts a second, ${POSTS_SECONDS} s`,
    run: async (who) => {
      const sent: Promise<unknown>[] = []
      for (let n = 0; n < POSTS_PER_SECOND * POSTS_SECONDS; n++) {
        sent.push(who.say('square', `Слово ${n}`))
        await pause(1000 / POSTS_PER_SECOND)
      }
      await Promise.all(sent)
    },
  },
]

const heavy = (fixtures: string): readonly Load[] => [
  {
    what: 'a PDF of 14 pages, ingested and answered',
    run: (who, room) => settled(who, room, 'file', join(fixtures, 'documents/tracemonkey.pdf')),
  },
  {
    what: 'a scan, read and answered',
    run: (who, room) => settled(who, room, 'image', join(fixtures, 'images/uk-notice.jpg')),
  },
  {
    what: 'speech, transcribed and answered',
    run: (who, room) => settled(who, room, 'audio', join(fixtures, 'speech/en-jfk.ogg')),
  },
]

function refused(name: string, what: string): Load {
  return {
    what,
    async run(who) {
      const bad = BAD.find((one) => one.name === name)
      if (!bad) throw new Error(`there is no bad file ${name}`)
      const { body, status } = await who.uploadBytes(new Uint8Array(await bad.bytes()), name, '')
      if (status < 400 || status > 499) throw new Error(`${name} was answered ${status}`)
      if (!JSON.stringify(body).includes(bad.code)) throw new Error(`${name} was refused otherwise`)
    },
  }
}

async function settled(who: Resident, room: string, type: 'file' | 'image' | 'audio', path: string) {
  const { id } = await who.post(room, type, path)
  const { parts } = await who.settled(room, id, 120_000)
  const failed = parts.find(({ state }) => state === 'failed')
  if (failed) throw new Error(`${path} failed: ${JSON.stringify(failed)}`)
}

/** Noise as 16-bit mono at 16 kHz. */
function sound(bytes: number): Uint8Array<ArrayBuffer> {
  const all = randomFillSync(Buffer.alloc(bytes))
  all.write('RIFF', 0, 'latin1')
  all.writeUInt32LE(bytes - 8, 4)
  all.write('WAVEfmt ', 8, 'latin1')
  all.writeUInt32LE(16, 16)
  all.writeUInt16LE(1, 20)
  all.writeUInt16LE(1, 22)
  all.writeUInt32LE(16_000, 24)
  all.writeUInt32LE(32_000, 28)
  all.writeUInt16LE(2, 32)
  all.writeUInt16LE(16, 34)
  all.write('data', 36, 'latin1')
  all.writeUInt32LE(bytes - 44, 40)
  return all
}

interface Lag {
  readonly worstMs: number
  readonly p99Ms: number
}

/** What the city's monitor saw since it was last asked. */
async function lagOf(city: RunningCity): Promise<Lag> {
  const response = await fetch(new URL('/metrics', city.url), { signal: AbortSignal.timeout(10_000) })
  const text = await response.text()
  const read = (name: string): number => {
    const [, seconds] = new RegExp(`^nodejs_eventloop_lag_${name}_seconds (\\S+)`, 'm').exec(text) ?? []
    if (seconds === undefined) throw new Error(`the city's metrics have no ${name} of the event loop`)
    return Math.max(0, Number(seconds) * 1000 - STEP_MS)
  }
  return { worstMs: read('max'), p99Ms: read('p99') }
}

async function lagOfIdle(idle: Target): Promise<Lag> {
  const response = await fetch(idle.url, { signal: AbortSignal.timeout(10_000) })
  const { p99, worst } = (await response.json()) as { worst: number; p99: number }
  return { worstMs: Math.max(0, worst - STEP_MS), p99Ms: Math.max(0, p99 - STEP_MS) }
}

function row(what: string, seen: Lag, idle: Lag): Row {
  const show = ({ p99Ms, worstMs }: Lag) => `worst ${worstMs.toFixed(0)} ms, p99 ${p99Ms.toFixed(0)} ms`
  return {
    what: `event loop during ${what}`,
    ours: show(seen),
    peer: `an idle process: ${show(idle)}`,
    ratio: seen.worstMs / GOAL_MS,
    goal: `worst ≤ ${GOAL_MS} ms`,
    met: seen.worstMs <= GOAL_MS,
  }
}

function expect(status: number, answer: { status: number; body: unknown }): void {
  if (answer.status !== status)
    throw new Error(`answered ${answer.status}: ${JSON.stringify(answer.body).slice(0, 300)}`)
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))
