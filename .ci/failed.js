// Prints the files of a Vitest report that failed, one a line, where they are few enough to be run once more; nothing otherwise.
import { readFileSync } from 'node:fs'

const FEW = 8
const { testResults } = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const failed = testResults.filter(({ status }) => status === 'failed').map(({ name }) => name)
if (failed.length <= FEW) for (const name of failed) console.log(name)
