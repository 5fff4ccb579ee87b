// `npm run spenders`: 10,000 requests of processes with 2,000 under way each, that are killed in the middle of it; the books are right to the billionth of a dollar, or this fails. Wants TEST_DATABASE_URL.
import { killSpenders } from '../kit/killed-spenders.ts'

const { TEST_DATABASE_URL: databaseUrl } = process.env
if (!databaseUrl) throw new Error('TEST_DATABASE_URL names a PostgreSQL where a database may be made')
const began = performance.now()
const { faults, ...verdict } = await killSpenders({ databaseUrl, inFlight: 2_000, requests: 10_000 })
console.log({ ...verdict, faults: faults.length, seconds: (performance.now() - began) / 1_000 })
const { begun, counted, left, lost, mostLost, rows, sum } = verdict
const right =
  faults.length === 0 && begun >= 10_000 && rows >= begun && sum === counted && left === 0 && lost > 0
if (!right || lost > mostLost) {
  console.error('The books are wrong', faults.slice(0, 20))
  process.exitCode = 1
}
process.exit()
