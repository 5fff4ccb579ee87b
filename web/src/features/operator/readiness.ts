import { z } from 'zod'
import { type ErrorParams, kernelError } from '../../../../src/kernel/errors.ts'

const State = z.enum(['ok', 'degraded', 'down'])
const Params = z.record(z.string(), z.union([z.string(), z.number()]))
const Readiness = z.object({
  state: State,
  services: z.array(z.string()),
  checks: z.array(
    z.object({
      name: z.string(),
      state: State,
      detail: z.string().optional(),
      code: z.string().optional(),
      params: Params.optional(),
      since: z.iso.datetime(),
    }),
  ),
})
export type Readiness = z.infer<typeof Readiness>
type Check = Readiness['checks'][number]

const LIMIT_MS = 8_000

/** How the city says it is. A city that is down answers too; only silence rejects. */
export async function fetchReadiness(signal: AbortSignal): Promise<Readiness> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)])
  const response = await fetch('/ready', { signal: limit, cache: 'no-store' }).catch((cause: unknown) => {
    signal.throwIfAborted()
    throw kernelError('peer.unreachable', { peer: location.host }, { cause })
  })
  const body = Readiness.safeParse(await response.json().catch(() => undefined))
  if (body.success) return body.data
  throw kernelError('peer.unintelligible', { peer: location.host, status: response.status })
}

export type Measured = 'ok' | 'degraded' | 'down' | 'none'
export interface Line {
  readonly key: string
  /** What is measured: `stt`, `database`, the name of a service. */
  readonly what: string
  readonly service: string | null
  readonly state: Measured
  readonly since: string | null
  /** What the city says of it, in the reader's language where it has a code. */
  readonly told: Told
}

const ORDER: Record<Measured, number> = { down: 0, degraded: 1, none: 2, ok: 3 }

/** Everything that was measured, the worst first. */
export const linesOf = ({ checks }: Readiness): Line[] =>
  checks.map(lineOf).sort((a, b) => ORDER[a.state] - ORDER[b.state])

/** The services that run and measure nothing of their own: of them nothing is known. */
export const unmeasured = ({ checks, services }: Readiness): string[] =>
  services.filter((service) => !checks.some(({ name }) => name.startsWith(`${service}: `)))

function lineOf({ name, state, since, detail, code, params }: Check): Line {
  const [, service = null, what = name] = /^([\w-]+): (.+)$/.exec(name) ?? []
  return { key: name, what, service, state, since, told: { detail, code, params } }
}

/** A sentence of the city as it comes: English, with its place in a catalogue. */
export interface Told {
  readonly detail?: string | undefined
  readonly code?: string | undefined
  readonly params?: ErrorParams | undefined
}

/** A sentence of the city, and the command at its end that mends what it says. */
export function parted(detail: string): { detail: string | null; command: string | null } {
  const found = /^(.*?)[:.]?\s*\b((?:npm|npx|node|docker)\s[^.;]+?)\.?$/s.exec(detail)
  const words = found ? found[1] : detail
  return { detail: words?.trim() || null, command: found?.[2] ?? null }
}

/** Older than this, a measurement is no measurement. */
export const STALE_MS = 30_000
