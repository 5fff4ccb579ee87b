import { spawn } from 'node:child_process'
import { endianness } from 'node:os'
import { kernelError } from '../../kernel/errors.ts'

/** What sound may be packed as. */
export type EncodedFormat = 'mp3' | 'opus' | 'aac' | 'flac' | 'pcm'

/** Samples of 16 bits, one channel. */
export interface Samples {
  readonly pcm: Int16Array
  readonly rate: number
}

const OPTIONS: Readonly<Record<EncodedFormat, readonly string[]>> = {
  mp3: ['-c:a', 'libmp3lame', '-b:a', '64k', '-f', 'mp3'],
  opus: ['-c:a', 'libopus', '-b:a', '32k', '-f', 'ogg'],
  aac: ['-c:a', 'aac', '-b:a', '64k', '-f', 'adts'],
  flac: ['-c:a', 'flac', '-f', 'flac'],
  // As OpenAI has it.
  pcm: ['-ar', '24000', '-f', 's16le'],
}

const DEADLINE_MS = 60_000

/** Packs sound with the machine's ffmpeg; null where there is none, or it lacks that encoder. Our own samples go in, so nothing foreign is opened. Rejects with `call.cancelled`. */
export function encodeAudio(
  { pcm, rate }: Samples,
  format: EncodedFormat,
  signal?: AbortSignal,
): Promise<Uint8Array | null> {
  const input = ['-v', 'error', '-f', `s16${RAW}`, '-ar', String(rate), '-ac', '1', '-i', 'pipe:0']
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(kernelError('call.cancelled', {}, { cause: signal.reason }))
    const ffmpeg = spawn('ffmpeg', [...input, ...OPTIONS[format], 'pipe:1'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: DEADLINE_MS,
      killSignal: 'SIGKILL',
    })
    const stop = () => {
      ffmpeg.kill('SIGKILL')
      reject(kernelError('call.cancelled', {}, { cause: signal?.reason }))
    }
    signal?.addEventListener('abort', stop, { once: true })
    const made: Buffer[] = []
    ffmpeg.stdout.on('data', (chunk: Buffer) => made.push(chunk))
    const end = (result: Uint8Array | null) => {
      signal?.removeEventListener('abort', stop)
      resolve(result)
    }
    ffmpeg.once('error', () => end(null))
    ffmpeg.once('close', (code) =>
      end(code === 0 && made.length > 0 ? new Uint8Array(Buffer.concat(made)) : null),
    )
    // One that ends before it has taken everything is seen by its code.
    ffmpeg.stdin.on('error', () => {})
    ffmpeg.stdin.end(Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength))
  })
}

const RAW = endianness().toLowerCase()
