import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import WebSocket from 'ws'
import { connect } from '../../src/kernel/client.ts'
import { ErrorBody } from '../../src/kernel/errors.ts'
import { agentsContract } from '../../src/services/agents/agents.contract.ts'
import { authContract } from '../../src/services/auth/auth.contract.ts'
import { cityContract } from '../../src/services/city/city.contract.ts'
import { CityFile } from '../../src/services/city/files.contract.ts'
import { Message, type NewMessage, type PartType } from '../../src/services/city/messages.contract.ts'
import { knowledgeContract } from '../../src/services/knowledge/knowledge.contract.ts'
import { OWNER } from './city.ts'

export type Resident = ReturnType<typeof resident>

/** Where each service is: one address for all of them, or each its own. */
export type Addresses = Readonly<Record<'auth' | 'city' | 'agents' | 'knowledge', string>>

export const everywhere = (url: string): Addresses => ({ auth: url, city: url, agents: url, knowledge: url })

/** A program that acts for a person by an API key: the typed clients, uploads, and waiting with a bound. */
export function resident(at: Addresses, key: string) {
  const url = at.city
  const authorization = `Bearer ${key}`
  const how = { authorize: () => ({ authorization }) }
  const city = connect(url, cityContract, how)

  async function send(room: string, message: Partial<NewMessage> & { clientId: string }) {
    const response = await fetch(new URL(`/api/city/rooms/${room}/messages`, url), {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(message),
      signal: AbortSignal.timeout(20_000),
    })
    return { status: response.status, body: (await response.json()) as unknown }
  }

  async function uploadBytes(bytes: Uint8Array<ArrayBuffer>, name: string, mime: string) {
    const form = new FormData()
    form.set('file', new Blob([bytes], { type: mime }), name)
    const response = await fetch(new URL('/api/city/files', url), {
      method: 'POST',
      headers: { authorization },
      body: form,
      signal: AbortSignal.timeout(60_000),
    })
    return { status: response.status, body: (await response.json()) as unknown }
  }

  return {
    at,
    key,
    authorization,
    auth: connect(at.auth, authContract, how),
    city,
    log: (room: string): Promise<readonly number[]> => roomLog(url, authorization, room),
    agents: connect(at.agents, agentsContract, how),
    knowledge: connect(at.knowledge, knowledgeContract, how),
    send,
    uploadBytes,

    /** Says something new; anything but 201 is an error. */
    async say(
      room: string,
      text: string,
      parts: NewMessage['parts'] = [],
      clientId: string = crypto.randomUUID(),
    ): Promise<Message> {
      const { status, body } = await send(room, { clientId, text, parts })
      if (status !== 201) throw new Error(`Saying it answered ${status}: ${JSON.stringify(body)}`)
      return Message.parse(body)
    },

    async upload(path: string): Promise<CityFile> {
      const { status, body } = await uploadBytes(
        new Uint8Array(await readFile(path)),
        basename(path),
        'application/octet-stream',
      )
      if (status !== 201)
        throw new Error(
          `The upload answered ${status}: ${JSON.stringify(ErrorBody.safeParse(body).data ?? body)}`,
        )
      return CityFile.parse(body)
    },

    /** Uploads a file and posts it as one part. */
    async post(room: string, type: PartType, path: string, text = ''): Promise<Message> {
      const { id } = await this.upload(path)
      return await this.say(room, text, [{ type, file: id }])
    },

    /** The message once all its parts and runs have come to an end. */
    settled: (room: string, message: string, withinMs = 60_000): Promise<Message> =>
      until(
        () => city.message({ room, message }),
        (m) =>
          m.parts.every((part) => part.state !== 'pending') &&
          m.runs.every(({ state }) => !['queued', 'running'].includes(state)),
        `message ${message} to settle`,
        withinMs,
      ),

    /** The answer to a message, once it stands in the room. */
    answer: async (room: string, message: string, withinMs = 60_000): Promise<Message> => {
      const found = await until(
        async () =>
          (await city.messages({ room, limit: 200 })).items.find(
            (m) => m.replyTo === message && m.author.kind === 'agent',
          ),
        (m) => m !== undefined,
        `an answer to ${message}`,
        withinMs,
      )
      if (!found) throw new Error('unreachable')
      return found
    },

    /** The resident's own room with DAARWIZZ. */
    async ownRoom(withinMs = 20_000): Promise<string> {
      const rooms = await until(
        async () => (await city.rooms({ limit: 200 })).items.filter((room) => room.visibility === 'direct'),
        (found) => found.length > 0,
        'the own room',
        withinMs,
      )
      return rooms[0]?.id ?? ''
    },
  }
}

/** Makes the city's owner by its welcome link, and a key for them. */
export async function firstOwner(city: {
  url?: string
  urls?: Addresses
  welcome: string | undefined
}): Promise<Resident> {
  const url = city.url ?? ''
  const at = city.urls ?? everywhere(url)
  const made = await post(at.auth, '/api/auth/welcome', { token: city.welcome ?? '', ...OWNER })
  return await withKey(at, made.cookie)
}

/** Invites somebody, who joins; and a key for them. */
export async function newcomer(owner: Resident, name: string): Promise<Resident> {
  const { code } = await owner.auth.invite({})
  const email = `${crypto.randomUUID()}@city.test`
  const account = { code, email, password: 'a long enough password', name }
  const joined = await post(owner.at.auth, '/api/auth/sign-up', account)
  return await withKey(owner.at, joined.cookie)
}

/** Credentials too, which no star reaches. */
const ALL = ['*.*.*', 'auth.credential.*']

async function withKey(at: Addresses, cookie: string): Promise<Resident> {
  const { body } = await post(at.auth, '/api/auth/keys', { name: 'test', scopes: ALL }, { cookie })
  return resident(at, String((body as { key?: unknown }).key))
}

async function post(url: string, path: string, body: object, headers: Record<string, string> = {}) {
  const response = await fetch(new URL(path, url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(20_000),
  })
  const answer = (await response.json()) as unknown
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${JSON.stringify(answer)}`)
  return {
    body: answer,
    cookie: response.headers
      .getSetCookie()
      .map((c) => c.split(';')[0])
      .join('; '),
  }
}

/** The numbers of a room's log, as the live socket tells them from its beginning. */
function roomLog(url: string, authorization: string, room: string): Promise<readonly number[]> {
  return new Promise((resolve, reject) => {
    const numbers: number[] = []
    const socket = new WebSocket(new URL('/api/city/live', url.replace('http', 'ws')), {
      headers: { authorization },
    })
    const late = setTimeout(() => socket.terminate(), 30_000)
    socket.on('open', () => socket.send(JSON.stringify({ type: 'subscribe', room, after: 0 })))
    socket.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as { type: string; seq?: number }
      if (frame.type === 'subscribed') {
        clearTimeout(late)
        socket.close()
        resolve(numbers)
      } else if (frame.seq !== undefined) numbers.push(frame.seq)
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('The live socket closed before it told the log')))
  })
}

/** Asks again and again until the answer fits; rejects with the last answer when time is over. */
export async function until<T>(
  ask: () => Promise<T>,
  fits: (answer: T) => boolean,
  what: string,
  withinMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (fits(answer)) return answer
    if (Date.now() > deadline)
      throw new Error(`Waited ${withinMs} ms for ${what}; last: ${JSON.stringify(answer)?.slice(0, 2000)}`)
    await new Promise((done) => setTimeout(done, 50))
  }
}
