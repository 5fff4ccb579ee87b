import type { Command } from 'commander'
import { authContract } from '../services/auth/auth.contract.ts'
import { withCity } from './city-socket.ts'
import { answer, columns, type Terminal } from './terminal.ts'
import { wholeFrom } from './user.ts'

interface Json {
  readonly json?: boolean
}

/** `key make`, `key list`, `key revoke`: the owner's API keys. */
export function keyCommands(program: Command, terminal: Terminal): void {
  const key = program.command('key').description('the owner’s API keys')

  key
    .command('make <name>')
    .description('make a key for a program')
    .option('--days <number>', 'how long it works; for ever where nothing is said', wholeFrom(1, 730))
    .option('--scope <patterns...>', 'what it may do, such as city.message.*; see docs/rights.md')
    .option('--json', 'answer as JSON')
    .action(async (name: string, { days, scope, json }: Json & { days?: number; scope?: string[] }) => {
      const wish = {
        name,
        ...(days !== undefined && { expiresInDays: days }),
        ...(scope && { scopes: scope }),
      }
      const made = await withCity(terminal, authContract, (city) => city.makeKey(wish))
      const reach = made.scopes
        ? `It may do ${made.scopes.join(', ')} as the city’s owner.`
        : 'It acts as the city’s owner, but not with keys and passwords.'
      answer(terminal, json, made, `${made.key}\nIt is shown only once. ${reach}`)
    })

  key
    .command('list')
    .description('the keys that work')
    .option('--json', 'answer as JSON')
    .action(async ({ json }: Json) => {
      const { items } = await withCity(terminal, authContract, (city) => city.keys({}))
      const day = (time: string | null, none: string) => time?.slice(0, 10) ?? none
      const rows = items.map((k) => [
        k.id,
        `${k.start}…`,
        day(k.createdAt, ''),
        day(k.lastUsedAt, 'never'),
        day(k.expiresAt, 'never'),
        k.name,
      ])
      const head = ['ID', 'KEY', 'MADE', 'USED', 'ENDS', 'NAME']
      answer(terminal, json, items, rows.length > 0 ? columns([head, ...rows]) : 'There are no keys.')
    })

  key
    .command('revoke <id>')
    .description('revoke a key; it stops working at once')
    .option('--json', 'answer as JSON')
    .action(async (id: string, { json }: Json) => {
      await withCity(terminal, authContract, (city) => city.revokeKey({ key: id }))
      answer(terminal, json, { done: true }, `The key ${id} no longer works.`)
    })
}
