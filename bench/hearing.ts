import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeAudio } from '../src/engines/audio/decode.ts'
import { createModels } from '../src/engines/models/models.ts'
import { createWhisper, type Whisper } from '../src/engines/stt/whisper.ts'
import { systemClock } from '../src/kernel/clock.ts'
import { errorRates } from '../test/kit/error-rates.ts'
import { type BareEngine, bareEngine } from './engines.ts'
import { median, type Row } from './measure.ts'

const ROUNDS = 5
const MODEL = 'whisper-base'
/** Of the bare engine's throughput. */
const GOAL = 0.9
const CANCEL_MS = 200
const JFK =
  'And so, my fellow Americans, ask not what your country can do for you, ask what you can do for your country.'

/**
 * Hearing beside the bare engine with the same model on the same files, in one run: what is got through in the same time, voice check and search
 * for the language on both sides (ours decodes the file besides, and finds times), and what each hears wrong. Also how soon work that is called
 * off is over. Needs `FIXTURES_DIR` and `MODELS_DIR`; says what it leaves out.
 */
export async function hearing(): Promise<readonly Row[]> {
  const { FIXTURES_DIR: fixtures, MODELS_DIR: dir } = process.env
  if (!fixtures || !dir || !existsSync(join(dir, MODEL))) {
    console.log(`left out: hearing, because FIXTURES_DIR is not set, or MODELS_DIR holds no ${MODEL}`)
    return []
  }
  const speech = join(fixtures, 'speech')
  const kamianets = await readFile(join(speech, 'uk-kamianets.txt'), 'utf8')
  const clips = [
    ...['en-jfk.wav', 'en-jfk.ogg', 'en-jfk.mp3', 'en-jfk.m4a'].map((name) => ({ name, said: JFK })),
    ...['uk-kamianets.wav', 'uk-kamianets.ogg', 'uk-kamianets.webm'].map((name) => ({
      name,
      said: kamianets,
    })),
  ]
  const whisper = createWhisper({ models: createModels({ dir, clock: systemClock }), clock: systemClock })
  await using bare = await bareEngine('bare-whisper.ts', dir, MODEL, 'voice')
  try {
    const rows: Row[] = []
    const sums = new Map<string, { ours: number[][]; bare: number[][] }>()
    for (const { name, said } of clips) {
      const bytes = new Uint8Array(await readFile(join(speech, name)))
      const { pcm } = await decodeAudio(bytes, { maxSeconds: 60 })
      const timed = name.endsWith('.wav')
      const found = await byTurns(whisper, bare, { bytes, pcm, name, rounds: timed ? ROUNDS : 0 })
      if (timed) rows.push(...found.rows)
      const language = name.slice(0, 2)
      const sum = sums.get(language) ?? { ours: [], bare: [] }
      for (const who of ['ours', 'bare'] as const) {
        const { letters, words } = errorRates(found.texts[who], said)
        sum[who].push([words, letters])
      }
      sums.set(language, sum)
    }
    for (const [language, { bare: theirs, ours }] of sums) rows.push(...errors(language, ours, theirs))
    const bytes = new Uint8Array(await readFile(join(speech, 'en-jfk.wav')))
    rows.push(await callingOff(whisper, bytes))
    return rows
  } finally {
    await whisper.close()
  }
}

interface Turns {
  readonly bytes: Uint8Array
  readonly pcm: Float32Array
  readonly name: string
  readonly rounds: number
}

/** Each once to warm up, then by turns; either goes first in every second round. */
async function byTurns(whisper: Whisper, bare: BareEngine, { bytes, name, pcm, rounds }: Turns) {
  const texts = { ours: '', bare: '' }
  const wall = { ours: [] as number[], bare: [] as number[] }
  const cpu = { ours: [] as number[], bare: [] as number[] }
  const run = {
    ours: async () => (await whisper.transcribe({ bytes, mime: 'audio/wav' })).text,
    bare: () => bare.run(pcm),
  }
  const pid = { ours: () => whisper.state().children[0]?.pid ?? 0, bare: () => bare.pid }
  for (let round = 0; round <= rounds; round++) {
    const order = round % 2 === 0 ? (['ours', 'bare'] as const) : (['bare', 'ours'] as const)
    for (const who of order) {
      const [from, fromCpu] = [performance.now(), cpuMs(pid[who]())]
      texts[who] = await run[who]()
      if (round === 0) continue
      wall[who].push(performance.now() - from)
      cpu[who].push(cpuMs(pid[who]()) - fromCpu)
    }
  }
  const row = (what: string, times: typeof wall): Row => {
    const ratio = median(times.bare.map((ms, i) => ms / (times.ours[i] ?? Number.NaN)))
    const show = (values: readonly number[]) => `${(median(values) / 1000).toFixed(2)} s`
    return {
      what: `${what} of ${name} (${(pcm.length / 16_000).toFixed(1)} s)`,
      ours: show(times.ours),
      peer: `the bare engine, with voice check and language: ${show(times.bare)}`,
      ratio,
      goal: `≥ ${GOAL} of its throughput`,
      met: ratio >= GOAL,
    }
  }
  return { texts, rows: [row('transcription', wall), row('work of the processor in transcription', cpu)] }
}

/** What a process has used of the processor, by its own and by its threads; 0 where the system does not tell. */
function cpuMs(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) * (1000 / TICKS)
  } catch {
    return 0
  }
}
/** Linux counts in hundredths of a second. */
const TICKS = 100

function errors(language: string, ours: readonly number[][], bare: readonly number[][]): Row[] {
  const mean = (rates: readonly number[][], n: number) =>
    rates.reduce((sum, rate) => sum + (rate[n] ?? 0), 0) / rates.length
  return ['words', 'letters'].map((of, n) => {
    const [own, peer] = [mean(ours, n), mean(bare, n)]
    const show = (rate: number) => `${(rate * 100).toFixed(1)} % wrong`
    return {
      what: `${of} heard in ${language}, ${ours.length} clips`,
      ours: show(own),
      peer: `the bare engine: ${show(peer)}`,
      ratio: peer === 0 ? (own === 0 ? 1 : Number.POSITIVE_INFINITY) : own / peer,
      goal: '≤ 1: never worse',
      met: own <= peer,
    }
  })
}

/** From the call until the caller has its answer; and until the child that was at work has given everything back. */
async function callingOff(whisper: Whisper, bytes: Uint8Array): Promise<Row> {
  const times: number[] = []
  const ends: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const abort = new AbortController()
    let begun = () => {}
    const beginning = new Promise<void>((resolve) => {
      begun = resolve
    })
    const work = whisper
      .transcribe({ bytes, mime: 'audio/wav' }, { signal: abort.signal, onProgress: begun })
      .catch(() => null)
    await beginning
    const from = performance.now()
    abort.abort()
    await work
    times.push(performance.now() - from)
    while (whisper.state().children.length > 0) await systemClock.sleep(1)
    ends.push(performance.now() - from)
  }
  const worst = Math.max(...times)
  return {
    what: `transcription that is called off, the slowest of ${ROUNDS}`,
    ours: `over after ${worst.toFixed(1)} ms`,
    peer: `the bare engine cannot be stopped; the child has given its memory back after ${Math.max(...ends).toFixed(0)} ms`,
    ratio: worst / CANCEL_MS,
    goal: `≤ ${CANCEL_MS} ms`,
    met: worst <= CANCEL_MS,
  }
}
