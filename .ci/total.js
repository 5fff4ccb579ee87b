// Adds up Vitest's reports and prints the closing line; fails where a test failed, was skipped, or none ran.
import { readFileSync } from 'node:fs'

let passed = 0
let failed = 0
const skipped = []
for (const path of process.argv.slice(2)) {
  const report = JSON.parse(readFileSync(path, 'utf8'))
  passed += report.numPassedTests
  failed += report.numFailedTests
  // A file that could not be loaded has no tests to fail.
  failed += report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((t) => t.status !== 'failed'),
  ).length
  for (const file of report.testResults)
    for (const test of file.assertionResults)
      if (test.status !== 'passed' && test.status !== 'failed') skipped.push(`${file.name}: ${test.fullName}`)
}
for (const name of skipped) console.log(`skipped: ${name}`)
console.log(`${passed} passed, ${failed + skipped.length} failed`)
process.exitCode = passed > 0 && failed + skipped.length === 0 ? 0 : 1
