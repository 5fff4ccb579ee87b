import process, { env } from 'node:process'
import { Command, CommanderError } from 'commander'
import { ConfigError } from '../config.ts'
import { AppError } from '../kernel/errors.ts'
import { doctorCommand } from './doctor.ts'
import { keyCommands } from './key.ts'
import { mcpCommand } from './mcp.ts'
import { migrateCommands } from './migrate.ts'
import { modelsCommands } from './models.ts'
import { startCommand } from './start.ts'
import { CommandFailure, line, type Terminal } from './terminal.ts'
import { userCommands } from './user.ts'

const USAGE = 2

/** Runs one command and resolves with its exit code: 0 done, 1 failed, 2 not understood, 3 no city is running. */
export async function runCli(argv: readonly string[], terminal: Terminal = ownTerminal()): Promise<number> {
  const program = new Command('daarion')
    .description('A self-hosted city for communities and their AI agents')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void terminal.out.write(text),
      writeErr: (text) => void terminal.err.write(text),
    })
  let exitCode = 0
  const exit = (code: number) => {
    exitCode = code
  }
  startCommand(program, terminal, exit)
  migrateCommands(program, terminal)
  modelsCommands(program, terminal)
  userCommands(program, terminal)
  keyCommands(program, terminal)
  doctorCommand(program, terminal, exit)
  mcpCommand(program, terminal)
  try {
    await program.parseAsync([...argv])
    return exitCode
  } catch (error) {
    return failed(error, terminal)
  }
}

function failed(error: unknown, { err }: Terminal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE
  if (error instanceof CommandFailure) {
    line(err, error.message)
    return error.exitCode
  }
  if (error instanceof ConfigError || (error instanceof AppError && error.kind !== 'internal')) {
    line(err, error.message)
    return 1
  }
  // A bug of ours: whoever reports it needs where it happened.
  line(err, error instanceof Error ? (error.stack ?? error.message) : String(error))
  return 1
}

const ownTerminal = (): Terminal => ({ env, out: process.stdout, err: process.stderr })
