import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask } from '../kit/ask.ts'
import { OWNER, type RunningCity, startCity, temporaryFolder } from '../kit/city.ts'

const { SCHEMATHESIS = '' } = process.env
const CHECKS =
  'not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance'
const HOW = ['--seed', '1', '--no-color']
/** The owner may do the most, so by them the most is tried; a resident is refused most of it. */
const AS = {
  owner: ['--phases', 'examples,coverage,fuzzing', '--max-examples', '6'],
  resident: ['--phases', 'examples,fuzzing', '--max-examples', '2'],
} as const
const EXPECTED_MS = 600_000

// A foreign tool reads /openapi.json and tries what it says: Schemathesis, from the Python package index.
describe.skipIf(!SCHEMATHESIS)('what /openapi.json promises', () => {
  const folder = temporaryFolder()
  let city: RunningCity

  beforeAll(async () => {
    const { email: OWNER_EMAIL, password: OWNER_PASSWORD } = OWNER
    city = await startCity({ DATA_DIR: join(folder.path, 'data'), OWNER_EMAIL, OWNER_PASSWORD })
  }, 90_000)
  afterAll(async () => {
    await city?.stop()
    folder[Symbol.dispose]()
  })

  /** Joins by an invitation; nobody is who has nothing but what everybody has. */
  async function newcomer(cookie: string) {
    const invited = await ask(city.url, 'POST /api/auth/invitations', { cookie, json: {} })
    const { code } = invited.body as { code: string }
    const account = { code, email: 'taras@city.test', password: OWNER.password, name: 'Тарас' }
    return await ask(city.url, 'POST /api/auth/sign-up', { json: account })
  }

  test.each(['owner', 'resident'] as const)(
    'holds for the %s: no failure of ours, no answer that it does not describe',
    async (who) => {
      const { email, password } = OWNER
      const owner = await ask(city.url, 'POST /api/auth/sign-in/email', { json: { email, password } })
      const { cookie } = who === 'owner' ? owner : await newcomer(owner.cookie)
      const made = await ask(city.url, 'POST /api/auth/keys', { cookie, json: { name: 'Schema' } })
      const { key } = made.body as { key: string }
      const { code, said } = await schemathesis(`${city.url}/openapi.json`, key, folder.path, AS[who])
      const operations = Number(/Tested: (\d+)/.exec(said)?.[1])
      expect(operations, said).toBeGreaterThan(50)
      expect(code, failuresOf(said)).toBe(0)
    },
    EXPECTED_MS,
  )
})

/** What it found, without the long list of what it could not try. */
const failuresOf = (said: string): string =>
  (said.split(/=+ FAILURES =+/)[1] ?? said).split(/=+ WARNINGS =+/)[0]?.slice(0, 40_000) ?? ''

/** It keeps notes where it runs: in `cwd`. */
function schemathesis(
  document: string,
  key: string,
  cwd: string,
  how: readonly string[],
): Promise<{ code: number; said: string }> {
  const args = [
    ...['--config-file', join(import.meta.dirname, 'schemathesis.toml'), 'run', document],
    ...['--header', `Authorization: Bearer ${key}`, '--checks', CHECKS, ...HOW, ...how],
  ]
  const limits = { cwd, timeout: EXPECTED_MS - 10_000, maxBuffer: 64 << 20 }
  return new Promise((done) => {
    execFile(SCHEMATHESIS, args, limits, (failure, stdout, stderr) =>
      done({ code: failure ? Number(failure.code) || 1 : 0, said: stdout + stderr }),
    )
  })
}
