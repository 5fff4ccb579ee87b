import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { endianness, tmpdir } from 'node:os'
import { join } from 'node:path'

type Decoded = 'done' | 'failed' | 'soundless' | 'absent'

/**
 * Decodes with the machine's ffmpeg to one channel at 16 kHz: `absent` where there is none, `failed` where it cannot read the file either,
 * `soundless` where nothing in it sounds.
 * Nothing but the file itself is opened: playlists and links in it are not followed. What `push` throws ends ffmpeg and is thrown on.
 */
export async function decodeWithFfmpeg(
  bytes: Uint8Array,
  maxSeconds: number,
  push: (part: Float32Array) => void,
): Promise<Decoded> {
  const folder = await mkdtemp(join(tmpdir(), 'daarion-audio-'))
  try {
    const file = join(folder, 'sound')
    await writeFile(file, bytes)
    return await run(file, maxSeconds, push)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function run(file: string, maxSeconds: number, push: (part: Float32Array) => void): Promise<Decoded> {
  const input = ['-nostdin', '-v', 'error', '-protocol_whitelist', 'file', '-threads', '1', '-i', file]
  const output = [
    '-vn',
    '-ac',
    '1',
    '-ar',
    '16000',
    '-t',
    String(maxSeconds + 1),
    '-f',
    `f32${RAW}`,
    'pipe:1',
  ]
  return new Promise((resolve, reject) => {
    const ffmpeg = spawn('ffmpeg', [...input, ...output], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    ffmpeg.stderr.on('data', (chunk: Buffer) => {
      if (said.length < SAID) said += chunk.toString('latin1')
    })
    let rest: Buffer = Buffer.alloc(0)
    ffmpeg.stdout.on('data', (chunk: Buffer) => {
      const whole = Buffer.concat([rest, chunk])
      const samples = Math.floor(whole.length / 4)
      rest = whole.subarray(samples * 4)
      try {
        push(new Float32Array(new Uint8Array(whole.subarray(0, samples * 4)).buffer))
      } catch (error) {
        ffmpeg.kill('SIGKILL')
        reject(error)
      }
    })
    ffmpeg.once('error', () => resolve('absent'))
    ffmpeg.once('close', (code) => {
      if (code === 0) return resolve('done')
      resolve(NO_STREAM.test(said) ? 'soundless' : 'failed')
    })
  })
}

const RAW = endianness().toLowerCase()

/** Of what it says about a file no more is read. */
const SAID = 4000
const NO_STREAM = /does not contain any stream|matches no streams/
