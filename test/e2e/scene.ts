import type { Browser } from 'playwright-core'
import { afterAll, afterEach } from 'vitest'
import { OWNER, type RunningCity, startCity, temporaryFolder } from '../kit/city.ts'
import { freePort } from '../kit/ports.ts'
import { firstOwner, type Resident } from '../kit/resident.ts'
import { openBrowser, shoot, type Visitor, visit } from './browser.ts'

interface Entrance extends Pick<Parameters<typeof visit>[1], 'size' | 'language' | 'worker'> {
  /** The owner, or somebody who is invited and joins; a stranger where nobody is said. */
  readonly as?: 'owner' | { readonly name: string; readonly email: string; readonly password: string }
  /** Another name or address of the machine than 127.0.0.1. */
  readonly host?: string
}

interface Opening {
  /** A WAV that the microphone hears. */
  readonly voice?: string
  /** Leaves the welcome link to the test: nobody is the owner yet. */
  readonly ownerless?: boolean
}

/** One city, one browser and the people before it, for the tests of one file. */
export interface Scene {
  readonly city: RunningCity
  readonly browser: Browser
  /** Where the city keeps what it has; the files of a test may lie beside it. */
  readonly folder: string
  /** The owner as a program. */
  readonly owner: Resident
  /** Starts the city with an owner, and the browser; what `env` adds is all else the city sees. */
  open(env?: Readonly<Record<string, string>>, opening?: Opening): Promise<void>
  enter(entrance: Entrance): Promise<Visitor>
  /** Starts a city that was killed, at the same address and with what it kept. */
  again(): Promise<void>
}

/** To be made in `describe`: it closes what it opened after the tests, and where one fails leaves a picture of what each visitor sees. */
export function createScene(): Scene {
  const folder = temporaryFolder()
  const visitors: Visitor[] = []
  let opened: { city: RunningCity; browser: Browser; env: Record<string, string> } | undefined
  let owner: Resident | undefined
  const here = () => {
    if (!opened) throw new Error('the scene is not open yet')
    return opened
  }
  const anOwner = () => {
    if (!owner) throw new Error('the city has no owner yet')
    return owner
  }
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return
    for (const [i, { page, language, size }] of visitors.entries())
      if (!page.isClosed()) await shoot(page, `failed ${task.name.slice(0, 20)} ${i} ${language} ${size}`)
  })
  afterAll(async () => {
    await opened?.browser.close()
    await opened?.city.stop()
    folder[Symbol.dispose]()
  }, 120_000)

  return {
    folder: folder.path,
    get city() {
      return here().city
    },
    get browser() {
      return here().browser
    },
    get owner() {
      return anOwner()
    },
    async open(more = {}, { voice, ownerless = false } = {}) {
      const env = { DATA_DIR: folder.path, PORT: String(await freePort()), ...more }
      const [city, browser] = await Promise.all([startCity(env), openBrowser(voice)])
      opened = { city, browser, env }
      if (!ownerless) owner = await firstOwner(city)
    },
    async enter({ as, host = '127.0.0.1', ...how }) {
      const { city, browser } = here()
      const visitor = await visit(browser, { url: city.url.replace('127.0.0.1', host), ...how })
      visitors.push(visitor)
      const { request } = visitor.context
      if (as === 'owner') {
        const { email, password } = OWNER
        await done(request.post('/api/auth/sign-in/email', { data: { email, password } }))
      } else if (as) {
        const { code } = await anOwner().auth.invite({})
        await done(request.post('/api/auth/sign-up', { data: { code, ...as } }))
      }
      return visitor
    },
    async again() {
      const now = here()
      now.city = await startCity(now.env)
    },
  }
}

async function done(asked: Promise<{ ok(): boolean; text(): Promise<string> }>): Promise<void> {
  const response = await asked
  if (!response.ok()) throw new Error(`Nobody was let in: ${await response.text()}`)
}
