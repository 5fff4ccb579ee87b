#!/usr/bin/env node
// The command line, for operators: builds what is stale, then runs the command.
import { build } from './build.js'

try {
  build()
} catch (error) {
  console.error(error.message)
  process.exit(1)
}
const { runCli } = await import('../dist/cli/cli.js')
process.exitCode = await runCli(process.argv)
