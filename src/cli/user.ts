import { type Command, InvalidArgumentError } from 'commander'
import type { Principal } from '../kernel/principal.ts'
import { authContract } from '../services/auth/auth.contract.ts'
import { withCity } from './city-socket.ts'
import { answer, columns, type Terminal } from './terminal.ts'

interface InviteOptions {
  readonly role: 'admin' | 'resident'
  readonly uses: number
  readonly days: number
  readonly json?: boolean
}

const PAGE = 200
const DAY_MS = 24 * 3600 * 1000

/** `user list`, `user invite`, `user recover`. */
export function userCommands(program: Command, terminal: Terminal): void {
  const user = program.command('user').description('the people of the city')

  user
    .command('list')
    .description('everybody who has an account')
    .option('--json', 'answer as JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const people = await withCity(terminal, authContract, async (city) => {
        const all: Principal[] = []
        let after: string | undefined
        do {
          const page = await city.residents({ limit: PAGE, ...(after !== undefined && { after }) })
          all.push(...page.items)
          after = page.next
        } while (after !== undefined)
        return all
      })
      const rows = people.map(({ id, role, name }) => [id, role, name])
      const words = rows.length > 0 ? columns([['ID', 'ROLE', 'NAME'], ...rows]) : 'Nobody lives here yet.'
      answer(terminal, json, people, words)
    })

  user
    .command('invite')
    .description('make an invitation link')
    .option('--role <role>', 'resident or admin', role, 'resident')
    .option('--uses <number>', 'how many people may use it', wholeFrom(1, 1000), 1)
    .option('--days <number>', 'how long it works', wholeFrom(1, 90), 7)
    .option('--json', 'answer as JSON')
    .action(async (options: InviteOptions) => {
      const expiresAt = new Date(Date.now() + options.days * DAY_MS).toISOString()
      const wish = { role: options.role, uses: options.uses, expiresAt }
      const made = await withCity(terminal, authContract, (city) => city.invite(wish))
      const people = made.maxUses === 1 ? 'one person' : `${made.maxUses} people`
      const words = `${made.link}\nFor ${people}, as ${made.role}, until ${made.expiresAt.slice(0, 10)}. It is shown only once.`
      answer(terminal, options.json, made, words)
    })

  user
    .command('recover')
    .description(
      'make a link that gives somebody back an account they lost all ways into; the owner’s, unless an e-mail is named',
    )
    .option('--email <email>', 'whose account it is')
    .option('--json', 'answer as JSON')
    .action(async ({ email, json }: { email?: string; json?: boolean }) => {
      const made = await withCity(terminal, authContract, (city) =>
        city.recover(email === undefined ? {} : { email }),
      )
      const words = `${made.link}\nFor ${made.name} (${made.email}), once, until ${made.expiresAt.slice(11, 16)} UTC. It sets a new password, takes the second step and the passkeys away and ends every session. The audit log keeps that it was made.`
      answer(terminal, json, made, words)
    })
}

function role(value: string): InviteOptions['role'] {
  if (value === 'admin' || value === 'resident') return value
  throw new InvalidArgumentError('It must be resident or admin.')
}

/** Reads a whole number of an option. */
export const wholeFrom =
  (min: number, max: number) =>
  (value: string): number => {
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN
    if (!(number >= min && number <= max))
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`)
    return number
  }
