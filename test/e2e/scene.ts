import type { Browser } from 'playwright-core'
import { afterAll, afterEach } from 'vitest'
import { OWNER, type RunningCity, startCity, temporaryFolder } from '../kit/city.ts'
import { firstOwner, type Resident } from '../kit/resident.ts'
import { openBrowser, shoot, type Visitor, visit } from './browser.ts'

interface Entrance extends Pick<Parameters<typeof visit>[1], 'size' | 'language' | 'worker'> {
  /** The owner, or somebody who is invited and joins; a stranger where nobody is said. */
  readonly as?: 'owner' | { readonly name: string; readonly email: string; readonly password: string }
}

/** One city, one browser and the people before it, for the tests of one file. */
export interface Scene {
  readonly city: RunningCity
  readonly browser: Browser
  /** The owner as a program. */
  readonly owner: Resident
  /** Starts the city with an owner, and the browser; what `env` adds is all else the city sees. */
  open(env?: Readonly<Record<string, string>>): Promise<void>
  enter(entrance: Entrance): Promise<Visitor>
}

/** To be made in `describe`: it closes what it opened after the tests, and where one fails leaves a picture of what each visitor sees. */
export function createScene(): Scene {
  const folder = temporaryFolder()
  const visitors: Visitor[] = []
  let opened: { city: RunningCity; browser: Browser; owner: Resident } | undefined
  const here = () => {
    if (!opened) throw new Error('the scene is not open yet')
    return opened
  }
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return
    for (const [i, { page, language, size }] of visitors.entries())
      await shoot(page, `failed ${task.name.slice(0, 20)} ${i} ${language} ${size}`)
  })
  afterAll(async () => {
    await opened?.browser.close()
    await opened?.city.stop()
    folder[Symbol.dispose]()
  }, 60_000)

  return {
    get city() {
      return here().city
    },
    get browser() {
      return here().browser
    },
    get owner() {
      return here().owner
    },
    async open(env = {}) {
      const [city, browser] = await Promise.all([startCity({ DATA_DIR: folder.path, ...env }), openBrowser()])
      opened = { city, browser, owner: await firstOwner(city) }
    },
    async enter({ as, ...how }) {
      const { city, browser, owner } = here()
      const visitor = await visit(browser, { url: city.url, ...how })
      visitors.push(visitor)
      const { request } = visitor.context
      if (as === 'owner') {
        const { email, password } = OWNER
        await request.post('/api/auth/sign-in/email', { data: { email, password } })
      } else if (as) {
        const { code } = await owner.auth.invite({})
        await request.post('/api/auth/sign-up', { data: { code, ...as } })
      }
      return visitor
    },
  }
}
