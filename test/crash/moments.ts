import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PartType } from '../../src/services/city/messages.contract.ts'
import type { Resident } from '../kit/resident.ts'
import type { Ledger } from './ledger.ts'

/** In the middle of what a kill is to land. */
export const MOMENTS = ['transcription', 'ocr', 'ingest', 'stream', 'commit'] as const
export type Moment = (typeof MOMENTS)[number]

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

/** Begins the work of a moment and resolves in the middle of it; true where it was seen to be under way. */
export async function reach(moment: Moment, scene: Scene): Promise<boolean> {
  if (moment === 'commit') return await midCommit(scene)
  if (moment === 'stream') return await midStream(scene)
  const [type, path, child] = WORK[moment]
  const posted = await postFresh(scene, type, path)
  if (!posted) return false
  const begun = await within(20_000, async () =>
    scene.pids().some((pid) => childrenOf(pid).some((command) => command.includes(child))),
  )
  if (!begun) return false
  await pause(scene.random() * 700)
  const message = await scene.client.city.message({ room: scene.room, message: posted }).catch(() => null)
  return message?.parts.some(({ state }) => state === 'pending') ?? false
}

const WORK: Readonly<Record<'transcription' | 'ocr' | 'ingest', readonly [PartType, string, string]>> = {
  transcription: ['audio', 'speech/uk-kamianets.wav', 'whisper.child'],
  ocr: ['image', 'images/uk-notice.jpg', 'tesseract.child'],
  ingest: ['file', 'documents/tracemonkey.pdf', 'parser.child'],
}

/** The fixture with a few bytes behind its end that its format passes over: other content each round, so nothing is answered from what is kept. */
async function postFresh({ client, ledger, room, fixtures, round }: Scene, type: PartType, path: string) {
  const bytes = await readFile(join(fixtures, path))
  const fresh = Buffer.concat([bytes, Buffer.from(`\n%round ${round}\n`)])
  const name = path.split('/').at(-1) ?? 'file'
  const { status, body } = await client.uploadBytes(new Uint8Array(fresh), name, 'application/octet-stream')
  if (status !== 201) throw new Error(`The upload of ${name} answered ${status}: ${JSON.stringify(body)}`)
  const { id } = body as { id: string }
  return await ledger.send(client, room, { clientId: `${type}-${round}`, parts: [{ type, file: id }] }, true)
}

async function midStream({ client, ledger, room, round, streamed, random }: Scene): Promise<boolean> {
  const before = streamed()
  await ledger.send(client, room, { clientId: `stream-${round}`, text: `Питання ${round}: що нового?` }, true)
  const begun = await within(20_000, async () => streamed() > before + 2)
  await pause(random() * 150)
  return begun
}

/** A burst of sends, none waited for: the kill lands while they are being stored. */
async function midCommit({ client, ledger, room, round, random }: Scene): Promise<boolean> {
  let acknowledged = 0
  const burst = Array.from({ length: 24 }, (_, n) =>
    ledger.send(client, room, { clientId: `burst-${round}-${n}`, text: `Рядок ${n}` }, true).then((id) => {
      if (id) acknowledged++
    }),
  )
  // They end when the city is gone; the ledger keeps what came of each.
  void Promise.all(burst)
  await within(10_000, async () => acknowledged > 0)
  await pause(random() * 20)
  return acknowledged < burst.length
}

/** The command lines of a process's children. */
function childrenOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8')
        .split(' ')
        .filter(Boolean)
        .map((child) => readFileSync(`/proc/${child}/cmdline`, 'utf8')),
    )
  } catch {
    return []
  }
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

async function within(ms: number, so: () => Promise<boolean>): Promise<boolean> {
  for (const until = Date.now() + ms; Date.now() < until; await pause(5)) if (await so()) return true
  return false
}
