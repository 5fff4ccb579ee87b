import { AppError } from '../../kernel/errors.ts'
import { engineError } from '../engine.errors.ts'
import { checkedText } from './checked-text.ts'
import { isInstalled, listVoices, readAloud } from './espeak-program.ts'
import { joined, packed } from './packed.ts'
import { speechPieces } from './pieces.ts'
import type { Tts, Voice } from './tts.ts'
import { samplesOf } from './wav.ts'

export interface EspeakNeeds {
  /** The program; `espeak-ng` by default. */
  readonly program?: string
  /** Texts read at once; 2 by default. Others wait. */
  readonly size?: number
}

/** Characters read by one run of the program: about a minute of speech. */
const PIECE = 900
/** Between pieces. */
const PAUSE_S = 0.25
/** What the program calls the language's voice where it has several. */
const OWN: Readonly<Record<string, string>> = { en: 'en-gb' }

/**
 * espeak-ng, where it is installed: a synthesiser of rules, small, quick, without a model, and plainly a robot's voice. Each piece is read by a
 * process of its own, limited in memory and time; the text goes in by its input, never through a shell. Besides the interface's errors:
 * `engine.program_missing`, `engine.crashed`, `call.timeout`.
 */
export function createEspeak(needs: EspeakNeeds = {}): Tts {
  const { program = 'espeak-ng', size = 2 } = needs
  const turn = createTurns(size)
  let known: Promise<readonly Voice[]> | undefined

  const voices = (): Promise<readonly Voice[]> => {
    known ??= listVoices(program).catch((cause: unknown) => {
      known = undefined
      throw cause
    })
    return known
  }
  const missing = async () => {
    if (await isInstalled(program)) return null
    return engineError('engine.program_missing', { program, command: 'apt install espeak-ng' })
  }

  return {
    name: 'espeak',
    missing,
    voices,
    async speak(given, options = {}) {
      const { format = 'mp3', onProgress, signal, speed = 1 } = options
      const { language, text } = checkedText(given, options)
      if (signal?.aborted) throw AppError.from(signal.reason)
      const why = await missing()
      if (why) throw why
      const voice = voiceFor(await voices(), language, options.voice)
      if (!voice) throw engineError('speech.no_voice', { language })
      const pieces = speechPieces(text, PIECE)
      const sounds: Int16Array[] = []
      let rate = 22_050
      for (const [n, piece] of pieces.entries()) {
        const file = await turn(() => readAloud(program, piece, { voice: voice.id, speed, signal }), signal)
        const found = samplesOf(file)
        if (found?.bits !== 16 || found.channels !== 1) throw engineError('engine.crashed')
        rate = found.rate
        // A piece may begin at an odd byte of its file.
        sounds.push(new Int16Array(found.samples.slice(0, found.samples.length & ~1).buffer))
        if (n < pieces.length - 1) sounds.push(new Int16Array(Math.round(rate * PAUSE_S)))
        onProgress?.(((n + 1) / pieces.length) * 0.95)
      }
      const made = await packed({ pcm: joined(sounds), rate }, format, signal)
      onProgress?.(1)
      const usage = { unit: 'characters', amount: text.length } as const
      return { ...made, engine: `espeak/${voice.id}`, language, quality: 'robotic', usage }
    },
  }
}

/** The voice that was named, where there is one; otherwise the language's own. */
function voiceFor(voices: readonly Voice[], language: string, wanted: string | undefined): Voice | undefined {
  const named = voices.find(({ id }) => id === wanted)
  return (
    named ??
    voices.find(({ id }) => id === (OWN[language] ?? language)) ??
    voices.find(({ languages }) => languages[0] === language)
  )
}

/** At most `size` at once, the others in order. Who is called off while waiting leaves when its turn comes. */
function createTurns(size: number) {
  let free = size
  const waiting: (() => void)[] = []
  return async <T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      if (signal?.aborted) throw AppError.from(signal.reason)
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free++
    }
  }
}
