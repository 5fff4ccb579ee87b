import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { openDatabase } from './compose/open-database.ts'
import { startFault } from './compose/start-fault.ts'
import { type Config, ConfigError, readConfig } from './config.ts'
import { systemClock } from './kernel/clock.ts'
import { AppError } from './kernel/errors.ts'
import { createIds } from './kernel/ids.ts'
import { Scope } from './kernel/scope.ts'
import { steadyTicks } from './platform/steady-ticks.ts'

const STOP_MS = 10_000

/** Runs the city until it is told to stop; resolves with the exit code. */
export async function main(env: Readonly<Record<string, string | undefined>>): Promise<number> {
  steadyTicks()
  const grown = smallNursery()
  const scope = new Scope()
  let config: Config | undefined
  try {
    config = readConfig(env)
    if (config.runEngines.length > 0) return await keepEngines(config, scope)
    // The database's thread goes first: reading the rest of the program from disk would keep this thread from starting it. Whether it opened is seen where it is awaited.
    let begin = () => {}
    const begun = new Promise<void>((resolve) => {
      begin = resolve
    })
    const database = openDatabase(config, begin)
    database.then(begin, begin)
    await begun
    const { compose } = await import('./compose.ts')
    const means = { clock: systemClock, ids: createIds(systemClock), database }
    const city = await compose(config, means, scope)
    const stopped = untilTold(city.platform.logger)
    const address = await city.listen()
    const publicUrl = env.PUBLIC_URL ? config.publicUrl : address
    grown()
    const token = await city.welcomeToken()
    const lines = [`${config.cityName} is open at ${publicUrl}`]
    if (token)
      lines.push(`It has no owner yet. Make the first account here: ${publicUrl}/welcome#${token.reveal()}`)
    process.stdout.write(`${lines.join('\n')}\n`)
    await stopped
    return 0
  } catch (error) {
    const known = error instanceof ConfigError || error instanceof AppError
    console.error(known ? error.message : ((config && startFault(error, config)) ?? error))
    return error instanceof ConfigError ? 2 : 1
  } finally {
    const late = setTimeout(() => process.exit(1), STOP_MS)
    await scope[Symbol.asyncDispose]().catch((error: unknown) => console.error(error))
    clearTimeout(late)
  }
}

/** Keeps V8 from doubling the space for young objects while the program is read, which it would not give back at rest. Answers with how to let it grow again. */
function smallNursery(): () => void {
  setFlagsFromString('--semi-space-growth-factor=1')
  return () => setFlagsFromString('--semi-space-growth-factor=2')
}

/** A node of engines alone runs until it is told to stop. */
async function keepEngines(config: Config, scope: Scope): Promise<number> {
  const { composeEngineNode } = await import('./compose/engine-node.ts')
  const node = await composeEngineNode(config, { clock: systemClock, ids: createIds(systemClock) }, scope)
  const stopped = untilTold(node.logger)
  process.stdout.write(`${config.runEngines.join(', ')} is open at ${await node.listen()}\n`)
  await stopped
  return 0
}

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
function untilTold(logger: {
  info(message: string): void
  error(fields: object, message: string): void
}): Promise<void> {
  process.on('unhandledRejection', (error) => logger.error({ err: error }, 'a rejection nobody handled'))
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(130))
        logger.info('stopping')
        resolve()
      })
    }
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main(process.env)
