import type { Command } from 'commander'
import type { Terminal } from './terminal.ts'

/** `start`: the city itself, until it is told to stop. */
export function startCommand(program: Command, terminal: Terminal, exit: (code: number) => void): void {
  program
    .command('start')
    .description('run the city in this process')
    .action(async () => {
      // The whole city is loaded for this command alone.
      const { main } = await import('../main.ts')
      exit(await main(terminal.env))
    })
}
