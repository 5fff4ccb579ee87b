import { spawn } from 'node:child_process'
import process from 'node:process'
import { kernelError } from '../../kernel/errors.ts'
import { engineError } from '../engine.errors.ts'
import type { Voice } from './tts.ts'

const VERSION_MS = 5000
const PIECE_MS = 30_000
const MEMORY_KB = 512 * 1024
/** Ten minutes of its own sound: no piece lasts so long. */
const LARGEST_BYTES = 10 * 60 * 22_050 * 2
/** Words a minute at speed 1. */
const WORDS_A_MINUTE = 165

export const isInstalled = (program: string): Promise<boolean> =>
  run(program, ['--version'], { deadlineMs: VERSION_MS }).then(
    () => true,
    () => false,
  )

/** The voices of the program, the language's usual one first. */
export async function listVoices(program: string): Promise<readonly Voice[]> {
  const list = (await run(program, ['--voices'], { deadlineMs: VERSION_MS })).toString('utf8')
  // `Pty Language Age/Gender VoiceName File Other Languages`
  const found = list.split('\n').flatMap((line): (Voice & { priority: number })[] => {
    const [, priority, id, name] = /^\s*(\d+)\s+(\S+)\s+\S+\s+(\S+)\s+(?!mb\/)\S+/.exec(line) ?? []
    if (!id || !name || id === 'variant') return []
    return [
      {
        id,
        name: name.replaceAll('_', ' '),
        languages: [id.split('-')[0] ?? id],
        quality: 'robotic',
        priority: Number(priority),
      },
    ]
  })
  const seen = new Set<string>()
  return found
    .sort((a, b) => a.priority - b.priority)
    .filter(({ id }) => !seen.has(id) && seen.add(id))
    .map(({ id, languages, name, quality }) => ({ id, languages, name, quality }))
}

/** One piece as a WAV file. `engine.crashed`, `call.timeout`, `call.cancelled`. */
export function readAloud(
  program: string,
  text: string,
  { signal, speed, voice }: { voice: string; speed: number; signal: AbortSignal | undefined },
): Promise<Buffer> {
  const pace = Math.round(Math.min(450, Math.max(80, WORDS_A_MINUTE * speed)))
  // `[[` begins phonemes: what somebody wrote is read as letters.
  const input = text.replaceAll('[[', '[ [')
  const args = ['-v', voice, '-s', String(pace), '-b', '1', '--stdin', '--stdout']
  return run(program, args, { deadlineMs: PIECE_MS, input, signal })
}

interface RunOptions {
  readonly deadlineMs: number
  readonly input?: string
  readonly signal?: AbortSignal | undefined
}

// The shell sets the limit and becomes the program; text never passes through it.
const LIMITED = `ulimit -d ${MEMORY_KB} 2>/dev/null; exec "$0" "$@"`

function run(
  program: string,
  args: readonly string[],
  { deadlineMs, input, signal }: RunOptions,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(kernelError('call.cancelled', {}, { cause: signal.reason }))
    const limited = process.platform !== 'win32'
    const child = spawn(limited ? '/bin/sh' : program, limited ? ['-c', LIMITED, program, ...args] : args, {
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: deadlineMs,
      killSignal: 'SIGKILL',
    })
    const parts: Buffer[] = []
    let bytes = 0
    const stop = () => {
      child.kill('SIGKILL')
      reject(kernelError('call.cancelled', {}, { cause: signal?.reason }))
    }
    signal?.addEventListener('abort', stop, { once: true })
    child.stdout.on('data', (part: Buffer) => {
      bytes += part.length
      if (bytes > LARGEST_BYTES) child.kill('SIGKILL')
      else parts.push(part)
    })
    child.once('error', (cause) => reject(engineError('engine.crashed', {}, { cause })))
    child.once('close', (code, ended) => {
      signal?.removeEventListener('abort', stop)
      if (code === 0) resolve(Buffer.concat(parts))
      else if (ended === 'SIGKILL' && bytes <= LARGEST_BYTES) reject(kernelError('call.timeout'))
      else reject(engineError('engine.crashed'))
    })
    // A program that is not there, or ends early, is seen by its code.
    child.stdin.on('error', () => {})
    child.stdin.end(input ?? '')
  })
}
