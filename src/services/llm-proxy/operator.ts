import { createHash } from 'node:crypto'
import { copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import type { Call, Handlers } from '../../kernel/contract.ts'
import { deadline } from '../../kernel/deadline.ts'
import { AppError, kernelError } from '../../kernel/errors.ts'
import { readYaml, type YamlFile } from '../../platform/yaml-file.ts'
import type { Health } from './health.ts'
import { listModels } from './listed.ts'
import { llmProxyError } from './llm-proxy.errors.ts'
import type { Models } from './models.ts'
import { ModelsFile, NO_MODELS } from './models-file.ts'
import type { operatorOperations, ShownModel } from './operator.contract.ts'
import { pieceOf } from './pieces.ts'

export interface OperatorNeeds {
  readonly models: () => Models
  readonly health: Pick<Health, 'restsFor' | 'isLast' | 'lastOf'>
  readonly latencyOf: (model: string) => number | null
  readonly file: Pick<YamlFile<ModelsFile>, 'problem'> | undefined
  /** Where the file lies; without it nobody can change it from here. */
  readonly path: string | undefined
  readonly clock: Clock
  /** Asks as a door does, and answers in its shape. */
  readonly ask: (input: { model: string }, kind: 'chat' | 'embeddings', call: Call) => Promise<Answered>
}
type Answered = Readonly<Record<string, unknown>>

const TRY_MS = 30_000
const SAID_CHARS = 200

/** What the operator's page of language models asks for. */
export function createOperator(needs: OperatorNeeds): Handlers<typeof operatorOperations> {
  const { models, health, clock, file } = needs

  const path = ({ principal }: Call): string => {
    if (principal?.role !== 'owner') throw kernelError('auth.forbidden')
    if (needs.path === undefined) throw kernelError('http.not_found')
    return needs.path
  }

  return {
    async shown() {
      const { file: settings, targets, aliases } = models()
      return {
        file: needs.path === undefined ? null : { path: needs.path, problem: file?.problem() ?? null },
        providers: Object.entries(settings.providers).map(([name, { url, key = null }]) => ({
          name,
          url: withoutPassword(url),
          local: [...targets.values()].some((target) => target.provider === name && target.local),
          key,
        })),
        models: listModels({ ...models(), aliases: new Map() }).map(
          ({ id, owned_by: provider, kind = 'chat', capabilities = null, context = null, price = null }) => {
            const restsMs = health.restsFor(id)
            const last = health.lastOf(id)
            return {
              ...{ id, provider, kind, capabilities, context, price, restsMs },
              local: targets.get(id)?.local ?? false,
              state: stateOf(restsMs, health.isLast(id)),
              failed: last && { at: isoTime(last.at), error: last.error.toJSON().error },
              latencyMs: needs.latencyOf(id),
            }
          },
        ),
        aliases: [...aliases].map(([name, { use, sticky }]) => ({
          name,
          sticky,
          use: use.map(({ model, weight = null, when }) => ({
            model,
            weight,
            conditional: when !== undefined,
          })),
        })),
      }
    },

    async tryModel({ model }, call) {
      const { targets, aliases } = models()
      const first = aliases.get(model)?.use[0]?.model ?? model
      const kind = targets.get(first)?.settings.kind ?? 'chat'
      const since = clock.now()
      const signal = AbortSignal.any([call.signal, deadline(TRY_MS)])
      try {
        const answer = await needs.ask({ model }, kind, { ...call, signal })
        const said = kind === 'chat' ? pieceOf(answer).text.slice(0, SAID_CHARS) : ''
        return { ms: clock.now() - since, said, error: null }
      } catch (cause) {
        call.signal.throwIfAborted()
        const failure = signal.aborted ? kernelError('call.timeout') : AppError.from(cause)
        if (failure.kind === 'internal') throw cause
        return { ms: clock.now() - since, said: null, error: failure.toJSON().error }
      }
    },

    async file(_, call) {
      const text = await textOf(path(call))
      return { path: path(call), text, digest: digestOf(text) }
    },

    async setFile({ text, digest, check }, call) {
      const place = path(call)
      const before = await textOf(place)
      if (digestOf(before) !== digest) throw llmProxyError('llm_proxy.file_changed')
      const read = await readYaml(text, ModelsFile, NO_MODELS)
      if ('faults' in read) {
        const [first] = read.faults
        const message = read.faults
          .slice(0, 5)
          .map(({ line, what }, n) => (n > 0 && line !== null ? `line ${line}: ${what}` : what))
          .join('; ')
        return { saved: false, digest, problem: { line: first?.line ?? null, message } }
      }
      if (check) return { saved: false, digest, problem: null }
      await mkdir(dirname(place), { recursive: true })
      // The one before it stays beside it; what reads the file never sees half of it.
      if (before !== '') await copyFile(place, `${place}.before`)
      const whole = `${place}.${digestOf(text).slice(0, 8)}.new`
      await writeFile(whole, text, { mode: 0o600 })
      await rename(whole, place)
      return { saved: true, digest: digestOf(text), problem: null }
    },
  }
}

const stateOf = (restsMs: number, isLast: boolean): ShownModel['state'] =>
  restsMs > 0 ? 'rests' : isLast ? 'last' : 'ok'

const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64url')

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return ''
    throw cause
  }
}

/** An address may carry a password before its host. */
function withoutPassword(url: string): string {
  const shown = new URL(url)
  shown.username = ''
  shown.password = ''
  shown.search = ''
  return shown.href
}
