#!/usr/bin/env node
// `npm start`: builds what is stale, then runs the city in this process.
import { build } from './build.js'

try {
  build()
} catch (error) {
  console.error(error.message)
  process.exit(1)
}
const { main } = await import('../dist/main.js')
process.exitCode = await main(process.env)
