import { peerVariable, SERVICES, type ServiceName } from '../../src/config.ts'
import { startCity, temporaryFolder } from '../kit/city.ts'
import { freePort } from '../kit/ports.ts'
import type { Addresses } from '../kit/resident.ts'
import { type OwnServer, ownNats, ownPostgres, ownRedis } from '../kit/servers.ts'

/** How a city stands: all in one process on the embedded database, or on PostgreSQL; or in several processes over PostgreSQL, NATS and Redis, the city's own service twice. */
export const SHAPES = ['pglite', 'postgres', 'apart', 'scattered'] as const
export type Shape = (typeof SHAPES)[number]

/** Something that can be killed with SIGKILL and started again on what it left. */
export interface Victim {
  readonly name: string
  /** Its process while it lives; 0 for a server that is not the city's. */
  readonly pid: number
  kill(): Promise<void>
  start(): Promise<void>
}

/** A city that stands while parts of it fall. */
export interface Place extends AsyncDisposable {
  readonly welcome: string | undefined
  /** The addresses of its services, once for each process that serves the city itself. */
  readonly doors: readonly Addresses[]
  readonly victims: readonly Victim[]
}

/** Which services share a process, `city` first in its own; twice where there are two of it. */
const GROUPS: Readonly<Record<Shape, readonly (readonly ServiceName[])[]>> = {
  pglite: [SERVICES],
  postgres: [SERVICES],
  apart: [
    ['auth', 'agents', 'llm-proxy', 'router', 'router-v2'],
    ['city'],
    ['city'],
    ['multimodal-gateway', 'knowledge'],
  ],
  scattered: [...SERVICES.map((service) => [service]), ['city']],
}
const OPEN_MS = 120_000

/** Opens a city of a shape, on servers of its own; `env` is what its processes get besides. `fell` hears of processes that ended by themselves. */
export async function openPlace(
  shape: Shape,
  env: Readonly<Record<string, string>>,
  fell: (what: string) => void,
): Promise<Place> {
  const closers: (() => unknown)[] = []
  const close = async () => {
    for (const one of closers.splice(0).reverse()) await one()
  }
  const own = async (make: () => Promise<OwnServer>): Promise<OwnServer> => {
    const server = await make()
    closers.push(() => server[Symbol.asyncDispose]())
    return server
  }
  try {
    const folder = temporaryFolder()
    closers.push(() => folder[Symbol.dispose]())
    const isMany = GROUPS[shape].length > 1
    const postgres = shape === 'pglite' ? undefined : await own(ownPostgres)
    const nats = isMany ? await own(ownNats) : undefined
    const redis = isMany ? await own(ownRedis) : undefined
    const shared = {
      ...env,
      DATA_DIR: folder.path,
      CITY_SECRET: 'a secret of thirty-two characters or more',
      ...(postgres && { DATABASE_URL: postgres.url }),
      ...(nats && { NATS_URL: nats.url }),
      ...(redis && { REDIS_URL: redis.url }),
    }
    const processes = await processesOf(shape, shared, fell)
    for (const one of processes) closers.push(() => one.kill())
    for (const one of processes) await one.start()
    const at = (service: ServiceName, door: Process) =>
      door.runs.includes(service) ? door.url : urlOf(processes, service)
    const doors = processes
      .filter(({ runs }) => runs.includes('city'))
      .map((door) => ({
        auth: at('auth', door),
        city: at('city', door),
        agents: at('agents', door),
        knowledge: at('knowledge', door),
      }))
    const servers = Object.entries({ postgres, nats, redis }).flatMap(([name, server]) =>
      server ? [{ name, pid: 0, kill: () => server.kill(), start: () => server.start() }] : [],
    )
    return {
      welcome: processes.map(({ welcome }) => welcome).find(Boolean),
      doors,
      victims: [...processes, ...servers],
      [Symbol.asyncDispose]: close,
    }
  } catch (failure) {
    await close()
    throw failure
  }
}

interface Process extends Victim {
  readonly url: string
  readonly runs: readonly ServiceName[]
  readonly welcome: string | undefined
}

const urlOf = (processes: readonly Process[], service: ServiceName): string =>
  processes.find(({ runs }) => runs.includes(service))?.url ?? ''

async function processesOf(
  shape: Shape,
  shared: Readonly<Record<string, string>>,
  fell: (what: string) => void,
): Promise<Process[]> {
  const places = await Promise.all(
    GROUPS[shape].map(async (runs) => ({ runs, url: `http://127.0.0.1:${await freePort()}` })),
  )
  return places.map(({ runs, url }, i) => {
    const peers = SERVICES.filter((service) => !runs.includes(service)).map((service) => [
      peerVariable(service),
      places.find((place) => place.runs.includes(service))?.url ?? '',
    ])
    const again = places.findIndex((place) => place.runs === runs || place.runs[0] === runs[0]) < i
    const name = runs.length === SERVICES.length ? 'city' : `${runs.join('+')}${again ? ' (the second)' : ''}`
    const env = { ...shared, ...Object.fromEntries(peers), RUN: runs.join(','), PORT: new URL(url).port }
    return processOf({ name, runs, url, env, fell })
  })
}

interface ProcessNeeds {
  readonly name: string
  readonly runs: readonly ServiceName[]
  readonly url: string
  readonly env: Readonly<Record<string, string>>
  readonly fell: (what: string) => void
}

function processOf({ name, runs, url, env, fell }: ProcessNeeds): Process {
  let running: Awaited<ReturnType<typeof startCity>> | undefined
  let welcome: string | undefined
  return {
    name,
    runs,
    url,
    get pid() {
      return running?.pid ?? 0
    },
    get welcome() {
      return welcome
    },
    async start() {
      const started = await startCity(env, OPEN_MS)
      running = started
      welcome ??= started.welcome
      void started.exited.then(() => {
        if (running === started) fell(`${name} ended by itself:\n${started.output().slice(-3000)}`)
      })
    },
    async kill() {
      const dying = running
      running = undefined
      await dying?.kill()
    },
  }
}
