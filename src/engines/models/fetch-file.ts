import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Clock } from '../../kernel/clock.ts'
import { checkFile } from './checksum.ts'
import type { ModelFile } from './models.table.ts'

export interface FetchFileOptions {
  readonly clock: Clock
  readonly fetch: typeof fetch
  readonly signal: AbortSignal
  /** Bytes of the file that are on this disk by now. */
  onBytes(received: number): void
}

/** Why a source did not serve a file, in words for the operator. */
export class SourceFailed extends Error {}

const TRIES = 6
const STALL_MS = 30_000
const BACK_OFF_MS = 1000

/**
 * Brings one file from a folder or a URL to `target`. What arrives is kept as `target.part` and resumed after a break, also by a later call;
 * it takes its place, by rename, only when its sha256 is right. Throws `SourceFailed`, or what the signal carries.
 */
export async function fetchFile(
  file: ModelFile,
  from: URL | string,
  target: string,
  options: FetchFileOptions,
): Promise<void> {
  const part = `${target}.part`
  await mkdir(dirname(target), { recursive: true })
  // A part left by another source, or by a disk that failed, is found out by its checksum: then it is fetched once more, from the start.
  for (const last of [false, true]) {
    const resumed = (await sizeOf(part)) > 0
    if (typeof from === 'string') await copy(from, part, options)
    else await download(from, file, part, options)
    if ((await checkFile(part, file, 'whole')) === 'ok') return rename(part, target)
    await rm(part, { force: true })
    options.onBytes(0)
    if (last || !resumed || typeof from === 'string') break
  }
  throw new SourceFailed(`${file.path} has another checksum`)
}

async function copy(from: string, part: string, { onBytes, signal }: FetchFileOptions): Promise<void> {
  await rm(part, { force: true })
  const reading = createReadStream(from, { signal })
  try {
    await append(part, reading, 0, onBytes)
  } catch (cause) {
    signal.throwIfAborted()
    throw new SourceFailed(`${from} cannot be read`, { cause })
  }
}

async function download(url: URL, file: ModelFile, part: string, options: FetchFileOptions): Promise<void> {
  const { clock, signal } = options
  for (let attempt = 1; ; attempt++) {
    try {
      return await downloadRest(url, file, part, options)
    } catch (cause) {
      signal.throwIfAborted()
      if (cause instanceof SourceFailed) throw cause
      if (attempt === TRIES)
        throw new SourceFailed(`${url.host} broke off ${TRIES} times at ${file.path}`, { cause })
      await clock.sleep(BACK_OFF_MS * 2 ** (attempt - 1), signal)
    }
  }
}

async function downloadRest(
  url: URL,
  file: ModelFile,
  part: string,
  { clock, fetch, onBytes, signal }: FetchFileOptions,
): Promise<void> {
  let have = await sizeOf(part)
  if (have === file.sizeBytes) return
  if (have > file.sizeBytes) {
    await rm(part)
    have = 0
  }
  const stalled = createStallGuard(clock, STALL_MS)
  try {
    const response = await fetch(url, {
      signal: AbortSignal.any([signal, stalled.signal]),
      headers: { 'accept-encoding': 'identity', ...(have > 0 && { range: `bytes=${have}-` }) },
    })
    const isRest = response.status === 206 && startOf(response) === have
    if (response.status >= 500 || response.status === 429) throw new Error(`status ${response.status}`)
    if (!response.ok || !response.body)
      throw new SourceFailed(`${url.host} answered ${response.status} for ${file.path}`)
    if (!isRest) await rm(part, { force: true })
    await append(part, response.body, isRest ? have : 0, (received) => {
      stalled.alive()
      if (received > file.sizeBytes) throw new SourceFailed(`${file.path} is larger than it should be`)
      onBytes(received)
    })
    if ((await sizeOf(part)) < file.sizeBytes) throw new Error('the connection ended early')
  } finally {
    stalled.stop()
  }
}

async function append(
  part: string,
  chunks: AsyncIterable<Uint8Array>,
  already: number,
  onBytes: (received: number) => void,
): Promise<void> {
  const handle = await open(part, 'a')
  let received = already
  try {
    for await (const chunk of chunks) {
      await handle.write(chunk)
      received += chunk.length
      onBytes(received)
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const startOf = (response: Response): number =>
  Number(/^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1] ?? Number.NaN)

const sizeOf = async (path: string): Promise<number> => (await stat(path).catch(() => null))?.size ?? 0

/** Aborts its signal when `alive` has not been called for `ms`. */
function createStallGuard(
  clock: Clock,
  ms: number,
): { readonly signal: AbortSignal; alive(): void; stop(): void } {
  const stall = new AbortController()
  const stopped = new AbortController()
  let seen = true
  const watch = async (): Promise<void> => {
    while (seen) {
      seen = false
      await clock.sleep(ms, stopped.signal)
    }
    stall.abort(new Error(`nothing came for ${ms} ms`))
  }
  watch().catch(() => {})
  return {
    signal: stall.signal,
    alive: () => {
      seen = true
    },
    stop: () => stopped.abort(),
  }
}
