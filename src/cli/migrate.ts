import type { Command } from 'commander'
import { openDatabase } from '../compose/open-database.ts'
import { readConfig } from '../config.ts'
import type { Database } from '../platform/database/database.ts'
import { migrateDown, migrateUp, migrationStatus } from '../platform/database/migrate.ts'
import { answer, columns, type Terminal } from './terminal.ts'
import { wholeFrom } from './user.ts'

interface Json {
  readonly json?: boolean
}

/** `migrate up`, `migrate down`, `migrate status`: the database's tables. An embedded database must not be in use: the city is to be stopped first. */
export function migrateCommands(program: Command, terminal: Terminal): void {
  const migrate = program.command('migrate').description('the tables of the database')

  migrate
    .command('up')
    .description('apply what was not applied yet (a start does this too)')
    .option('--json', 'answer as JSON')
    .action(async ({ json }: Json) => {
      const applied = await withDatabase(terminal, (database) => migrateUp(database))
      answer(terminal, json, { applied }, told('Applied', applied, 'Everything was applied already.'))
    })

  migrate
    .command('down')
    .description('undo the last migrations, with all they hold')
    .option('--steps <number>', 'how many', wholeFrom(1, 1000), 1)
    .option('--all', 'all of them')
    .option('--json', 'answer as JSON')
    .action(async ({ steps, all, json }: Json & { steps: number; all?: boolean }) => {
      const count = all ? Number.POSITIVE_INFINITY : steps
      const undone = await withDatabase(terminal, (database) => migrateDown(database, count))
      answer(terminal, json, { undone }, told('Undone', undone, 'There is nothing to undo.'))
    })

  migrate
    .command('status')
    .description('which migrations are applied')
    .option('--json', 'answer as JSON')
    .action(async ({ json }: Json) => {
      const states = await withDatabase(terminal, (database) => migrationStatus(database))
      const rows = states.map(({ name, appliedAt, changed }) => [
        name,
        appliedAt ? `applied ${appliedAt.toISOString().slice(0, 16).replace('T', ' ')}` : 'not applied',
        changed ? 'its file is another now' : '',
      ])
      answer(terminal, json, { migrations: states }, columns(rows))
    })
}

async function withDatabase<T>(terminal: Terminal, work: (database: Database) => Promise<T>): Promise<T> {
  const database = await openDatabase(readConfig(terminal.env))
  try {
    return await work(database)
  } finally {
    await database[Symbol.asyncDispose]()
  }
}

const told = (what: string, names: readonly string[], none: string): string =>
  names.length === 0 ? none : names.map((name) => `${what} ${name}`).join('\n')
