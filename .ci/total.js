// Adds up Vitest's reports and prints the closing line; fails where a test failed, was skipped, or none ran.
// An argument `first.json,again.json` is one run, of which the second report tells how its failed files went when they ran once more, alone.
import { existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'

let passed = 0
const failed = []
const skipped = []
for (const paths of process.argv.slice(2)) {
  const [first, again] = paths.split(',').filter(existsSync).map(filesOf)
  if (!first) failed.push(`${paths}: no report`)
  for (const file of first ?? []) {
    const last = again?.find(({ name }) => name === file.name) ?? file
    const still = failures(last)
    for (const one of last === file ? [] : failures(file))
      if (!still.includes(one)) console.log(`unsteady, passed alone: ${one}`)
    failed.push(...still)
    for (const { status, fullName } of last.assertionResults) {
      if (status === 'passed') passed++
      else if (status !== 'failed') skipped.push(`${name(last)}: ${fullName}`)
    }
  }
}
for (const one of skipped) console.log(`skipped: ${one}`)
for (const one of failed) console.log(`failed: ${one}`)
console.log(`${passed} passed, ${failed.length + skipped.length} failed`)
process.exitCode = passed > 0 && failed.length + skipped.length === 0 ? 0 : 1

function filesOf(path) {
  return JSON.parse(readFileSync(path, 'utf8')).testResults
}

function name(file) {
  return relative(process.cwd(), file.name)
}

/** A file that could not be loaded has no tests to fail, and counts as one. */
function failures(file) {
  if (file.status !== 'failed') return []
  const tests = file.assertionResults.filter(({ status }) => status === 'failed')
  return tests.length === 0 ? [name(file)] : tests.map(({ fullName }) => `${name(file)}: ${fullName}`)
}
