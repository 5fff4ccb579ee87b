import { type AuthCity, authCity, PASSWORD } from '../test/kit/auth-city.ts'
import { median, type Row } from './measure.ts'

const WARM = 5
/** How far the two medians may be apart: about what the same question differs from itself on a busy machine. */
const APART = 0.15

interface Door {
  readonly what: string
  readonly rounds: number
  /** Asks about somebody who is here, or about nobody; answers with what a guesser sees. */
  ask(city: AuthCity, known: boolean, n: number): Promise<string>
}

/** Whether a door tells by its answer or its time who lives in the city: the same question about somebody and about nobody, by turns, their answers compared byte for byte, their times as the median of the ratios of each round; beside it the ratio of a question to itself, which is what the machine adds. */
export async function enumeration(): Promise<readonly Row[]> {
  await using city = await authCity({
    signUp: 'open',
    limits: { perAccount: 1_000_000, perAddress: 1_000_000 },
  })
  const owner = await city.owner()
  const { code: used } = await city.client.invite({}, { principal: owner })
  const arrived = { code: used, email: 'used@misto.example', password: PASSWORD, name: 'Used' }
  await city.ask('POST', '/api/auth/sign-up', { body: arrived })
  const rows: Row[] = []
  for (const door of doors(owner.email, used)) rows.push(await measure(city, door))
  return rows
}

const doors = (known: string, used: string): readonly Door[] => {
  const nobody = (n: number) => `nobody${n}@misto.example`
  const post = async (city: AuthCity, path: string, body: object) => {
    const answer = await city.ask('POST', `/api/auth/${path}`, { body })
    const { 'x-request-id': _, date: _date, ...headers } = answer.headers
    return JSON.stringify([answer.status, answer.body, headers])
  }
  return [
    {
      what: 'sign-in with a wrong password',
      rounds: 25,
      ask: (city, yes, n) =>
        post(city, 'sign-in/email', { email: yes ? known : nobody(n), password: 'a wrong password' }),
    },
    {
      what: 'a forgotten password',
      rounds: 80,
      ask: (city, yes, n) => post(city, 'password/forgotten', { email: yes ? known : nobody(n) }),
    },
    {
      what: 'open sign-up',
      rounds: 25,
      // Each address is asked for by both before it waits: what is compared is a fresh one with one that lives here.
      ask: async (city, yes, n) => {
        const owner = await city.auth.owner()
        for (const { id } of (await city.client.signUps({}, { principal: owner })).items)
          await city.client.refuseSignUp({ signUp: id }, { principal: owner })
        return post(city, 'sign-up', { email: yes ? known : nobody(n), password: PASSWORD, name: 'X' })
      },
    },
    {
      what: 'an invitation, used up or never made',
      rounds: 400,
      ask: (city, yes, n) => post(city, 'invitation', { code: yes ? used : `never${n}` }),
    },
    {
      what: 'sign-up by an invitation, used up or never made',
      rounds: 25,
      ask: (city, yes, n) =>
        post(city, 'sign-up', {
          code: yes ? used : `never${n}`,
          email: nobody(n),
          password: PASSWORD,
          name: 'X',
        }),
    },
  ]
}

async function measure(city: AuthCity, { what, rounds, ask }: Door): Promise<Row> {
  const times = { known: [] as number[], nobody: [] as number[], again: [] as number[] }
  const answers = new Set<string>()
  const timed = async (known: boolean, n: number): Promise<number> => {
    const began = performance.now()
    answers.add(await ask(city, known, n))
    return performance.now() - began
  }
  for (let n = 0; n < rounds + WARM; n++) {
    // By turns, so that no side always comes first.
    const turns = [
      async () => void times.known.push(await timed(true, n)),
      async () => void times.nobody.push(await timed(false, 3 * n)),
      async () => void times.again.push(await timed(false, 3 * n + 1)),
    ]
    for (let i = 0; i < turns.length; i++) await turns[(i + n) % turns.length]?.()
  }
  const middle = (side: readonly number[]) => median(side.slice(WARM))
  const [known, nobody] = [middle(times.known), middle(times.nobody)]
  const beside = (one: readonly number[], other: readonly number[]) =>
    median(one.slice(WARM).map((time, i) => time / (other[i + WARM] ?? time)))
  const ratio = beside(times.known, times.nobody)
  const alike = answers.size === 1
  return {
    what: `${what}: somebody beside nobody${alike ? '' : ' (the answers differ)'}`,
    ours: `${known.toFixed(1)} ms`,
    peer: `${nobody.toFixed(1)} ms, itself ${beside(times.again, times.nobody).toFixed(2)}`,
    ratio,
    goal: `${1 - APART}…${1 + APART}, alike`,
    met: alike && Math.abs(ratio - 1) <= APART,
  }
}
