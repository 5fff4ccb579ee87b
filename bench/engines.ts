import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setPriority } from 'node:os'
import { join } from 'node:path'
import { decodeAudio } from '../src/engines/audio/decode.ts'
import { createModels } from '../src/engines/models/models.ts'
import { createTesseractOcr } from '../src/engines/ocr/tesseract.ts'
import { createWhisper } from '../src/engines/stt/whisper.ts'
import { systemClock } from '../src/kernel/clock.ts'
import { temporaryFolder } from '../test/kit/city.ts'
import { median, type Row } from './measure.ts'

const ROUNDS = 5
const MODEL = 'whisper-base'
const GOAL = 1.1
/** What our own children run at. */
const OUR_PRIORITY = 5

/** Transcription and OCR our way (child pool, decoding, voice activity, language; upright, stretched, doubtful words again) beside the bare engines on the same files, warm, by turns. Needs `FIXTURES_DIR`, and for speech `MODELS_DIR`; says what it leaves out. */
export async function engines(): Promise<readonly Row[]> {
  const { FIXTURES_DIR: fixtures, MODELS_DIR: models } = process.env
  if (!fixtures) {
    console.log('left out: engines, because FIXTURES_DIR is not set')
    return []
  }
  const rows: Row[] = []
  if (models && existsSync(join(models, MODEL)))
    for (const name of ['en-jfk.wav', 'uk-kamianets.wav'])
      rows.push(await speech(models, join(fixtures, 'speech', name), name))
  else console.log(`left out: transcription, because MODELS_DIR holds no ${MODEL}`)
  rows.push(await writing(join(fixtures, 'images', 'uk-notice.jpg'), 'uk-notice.jpg'))
  return rows
}

async function speech(dir: string, file: string, name: string): Promise<Row> {
  const bytes = new Uint8Array(await readFile(file))
  const { pcm } = await decodeAudio(bytes, { maxSeconds: 60 })
  const whisper = createWhisper({ models: createModels({ dir, clock: systemClock }), clock: systemClock })
  await using bare = await bareEngine('bare-whisper.ts', dir, MODEL)
  try {
    const ours = async () => (await whisper.transcribe({ bytes, mime: 'audio/wav' })).text
    return await byTurns(`transcription of ${name}`, ours, () => bare.run(pcm))
  } finally {
    await whisper.close()
  }
}

async function writing(file: string, name: string): Promise<Row> {
  const bytes = new Uint8Array(await readFile(file))
  const ocr = createTesseractOcr({ clock: systemClock })
  using folder = temporaryFolder()
  await using bare = await bareEngine('bare-tesseract.ts', folder.path)
  try {
    const ours = async () => (await ocr.read({ bytes, mime: 'image/jpeg' })).text
    return await byTurns(`OCR of ${name}`, ours, () => bare.run(bytes))
  } finally {
    await ocr.close()
  }
}

/** Each once to warm up, then one after the other; either goes first in every second round. */
async function byTurns(what: string, ours: () => Promise<string>, bare: () => Promise<string>): Promise<Row> {
  const times = { ours: [] as number[], bare: [] as number[] }
  for (let round = 0; round <= ROUNDS; round++) {
    const pair = [['ours', ours] as const, ['bare', bare] as const]
    for (const [who, run] of round % 2 === 0 ? pair : pair.reverse()) {
      const started = performance.now()
      const text = await run()
      if (text.trim() === '') throw new Error(`${what}: ${who} found nothing`)
      if (round > 0) times[who].push(performance.now() - started)
    }
  }
  const ratio = median(times.ours.map((ms, i) => ms / (times.bare[i] ?? Number.NaN)))
  const show = (values: readonly number[]) => `${(median(values) / 1000).toFixed(2)} s`
  return {
    what,
    ours: show(times.ours),
    peer: `the bare engine: ${show(times.bare)}`,
    ratio,
    goal: `≤ ${GOAL}`,
    met: ratio <= GOAL,
  }
}

export interface BareEngine extends AsyncDisposable {
  readonly pid: number
  run(input: Uint8Array | Float32Array): Promise<string>
}

/** An engine in a plain child, at the priority that our own children have. */
export async function bareEngine(file: string, ...args: readonly string[]): Promise<BareEngine> {
  const child = fork(join(import.meta.dirname, 'targets', file), args, {
    execArgv: ['--no-warnings', '--import', 'tsx'],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  if (child.pid !== undefined) setPriority(child.pid, OUR_PRIORITY)
  const answer = async (): Promise<string> => {
    const [{ text }] = (await once(child, 'message', { signal: AbortSignal.timeout(60_000) })) as [
      { text: string },
    ]
    return text
  }
  await answer()
  return {
    pid: child.pid ?? 0,
    run: async (input) => {
      const answered = answer()
      child.send(input)
      return await answered
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
  }
}
