import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PartType } from '../../src/services/city/messages.contract.ts'
import type { Resident } from '../kit/resident.ts'
import type { Ledger } from './ledger.ts'

/** In the middle of what a kill is to land. */
export const MOMENTS = ['transcription', 'ocr', 'ingest', 'stream', 'commit'] as const
export type Moment = (typeof MOMENTS)[number]
/** What is begun before a kill, all at once; nothing but what everybody does anyway where it is empty. */
export type Aim = readonly Moment[]

export interface Scene {
  readonly client: Resident
  readonly ledger: Ledger
  readonly room: string
  /** The city's processes. */
  readonly pids: () => readonly number[]
  /** Tokens the scripted model has sent since the city started. */
  readonly streamed: () => number
  readonly fixtures: string
  readonly round: number
  /** 0…1 */
  readonly random: () => number
}

/** Work that was begun: says whether it is under way just now, or over. */
type Begun = () => Promise<'waits' | 'under way' | 'over'>

const REACH_MS = 40_000
const TRIES = 3
/** Of a child process's own time: more than it takes to be asked. */
const WORKING_MS = 30
const TICK_MS = 10
/** Several times what the scripted model leaves between two tokens. */
const TOKEN_MS = 400

/** Begins the work of every moment of an aim and resolves in the middle of all of it, or after a bound; with what was seen under way at the end. */
export async function reach(aim: Aim, scene: Scene): Promise<Moment[]> {
  const until = Date.now() + REACH_MS
  const begun = new Map<Moment, Begun>()
  // What takes long first; a stream is over in two seconds, a burst in a moment.
  for (const wave of [['transcription', 'ocr', 'ingest'], ['stream'], ['commit']] as const) {
    const wanted = wave.filter((moment) => aim.includes(moment))
    await Promise.all(
      wanted.map(async (moment) => {
        for (let tries = 0; tries < TRIES && Date.now() < until; tries++) {
          const state = await begin(moment, scene, tries)
          begun.set(moment, state)
          if (await comesUnderWay(state, until)) return
        }
      }),
    )
  }
  await pause(scene.random() * (aim.includes('commit') ? 10 : 150))
  const states = [...begun].map(async ([moment, state]) => ((await state()) === 'under way' ? [moment] : []))
  return (await Promise.all(states)).flat()
}

async function comesUnderWay(state: Begun, until: number): Promise<boolean> {
  for (; Date.now() < until; await pause(5)) {
    const now = await state()
    if (now !== 'waits') return now === 'under way'
  }
  return false
}

async function begin(moment: Moment, scene: Scene, tries: number): Promise<Begun> {
  if (moment === 'commit') return beginBurst(scene, tries)
  if (moment === 'stream') return await beginStream(scene, tries)
  return await beginPart(moment, scene, tries)
}

const WORK: Readonly<Record<'transcription' | 'ocr' | 'ingest', readonly [PartType, string, string]>> = {
  transcription: ['audio', 'speech/uk-kamianets.wav', 'whisper.child'],
  ocr: ['image', 'images/uk-notice.jpg', 'tesseract.child'],
  ingest: ['file', 'documents/tracemonkey.pdf', 'parser.child'],
}

/** A part is under way while it is pending and the child that works on it has begun to. */
async function beginPart(moment: keyof typeof WORK, scene: Scene, tries: number): Promise<Begun> {
  const [type, path, child] = WORK[moment]
  const busy = () => scene.pids().reduce((sum, pid) => sum + busyMs(pid, child), 0)
  const before = busy()
  const { client, room } = scene
  const message = await postFresh(scene, type, path, tries)
  if (!message) return async () => 'over'
  let working = false
  return async () => {
    working ||= busy() > before + WORKING_MS
    if (!working) return 'waits'
    const read = await client.city.message({ room, message }).catch(() => null)
    return read?.parts.some(({ state }) => state === 'pending') ? 'under way' : 'over'
  }
}

/** The fixture with a few bytes behind its end that its format passes over: other content each time, so nothing is answered from what is kept. */
async function postFresh(scene: Scene, type: PartType, path: string, tries: number): Promise<string | null> {
  const { client, ledger, room, fixtures, round } = scene
  const bytes = await readFile(join(fixtures, path))
  const clientId = `${type}-${round}-${tries}`
  const fresh = Buffer.concat([bytes, Buffer.from(`\n%${clientId}\n`)])
  const name = path.split('/').at(-1) ?? 'file'
  const { status, body } = await client.uploadBytes(new Uint8Array(fresh), name, 'application/octet-stream')
  if (status !== 201) throw new Error(`The upload of ${name} answered ${status}: ${JSON.stringify(body)}`)
  const { id } = body as { id: string }
  return await ledger.send(client, room, { clientId, parts: [{ type, file: id }] }, true)
}

/** A stream is under way while tokens come. */
async function beginStream({ client, ledger, room, round, streamed }: Scene, tries: number): Promise<Begun> {
  const before = streamed()
  const text = `Питання ${round}: що нового?`
  await ledger.send(client, room, { clientId: `stream-${round}-${tries}`, text }, true)
  return async () => {
    const now = streamed()
    if (now <= before + 2) return 'waits'
    for (const until = Date.now() + TOKEN_MS; Date.now() < until; await pause(2))
      if (streamed() > now) return 'under way'
    return 'over'
  }
}

/** A burst of sends, none waited for: the kill lands while they are being stored. */
function beginBurst({ client, ledger, room, round }: Scene, tries: number): Begun {
  let acknowledged = 0
  const burst = Array.from({ length: 24 }, (_, n) =>
    ledger
      .send(client, room, { clientId: `burst-${round}-${tries}-${n}`, text: `Рядок ${n}` }, true)
      .then((id) => {
        if (id) acknowledged++
      }),
  )
  // They end when the city is gone; the ledger keeps what came of each.
  void Promise.all(burst)
  return async () => (acknowledged === 0 ? 'waits' : acknowledged < burst.length ? 'under way' : 'over')
}

/** Processor time that a process's children of a name have taken. */
function busyMs(pid: number, name: string): number {
  try {
    return readdirSync(`/proc/${pid}/task`)
      .flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' '))
      .filter((child) => child && readFileSync(`/proc/${child}/cmdline`, 'utf8').includes(name))
      .reduce((sum, child) => sum + timeOf(child), 0)
  } catch {
    return 0
  }
}

function timeOf(pid: string): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))
