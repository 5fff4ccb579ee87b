import type { Handlers } from '../../../kernel/contract.ts'
import { deadline } from '../../../kernel/deadline.ts'
import { AppError, kernelError } from '../../../kernel/errors.ts'
import type { Ids } from '../../../kernel/ids.ts'
import { type Principal, reaches } from '../../../kernel/principal.ts'
import type { Events } from '../../../platform/events/events.ts'
import type { Connection, Listener } from '../../../platform/live/connection.ts'
import { CLOSE } from '../../../platform/live/limits.ts'
import { type Frame, frame } from '../../../platform/live/wire.ts'
import { cityContract } from '../city.contract.ts'
import { cityError } from '../city.errors.ts'
import type { ClientFrame, ServerFrame } from '../city.live.contract.ts'
import type { Say } from '../messages/messages.ts'
import { understand } from '../messages/understand.ts'
import { signal } from './channels.ts'
import type { Feeds, Follower } from './feeds.ts'
import type { Gate } from './gate.ts'
import type { Presence, Reporter, Shown } from './presence.ts'

/** What all visitors of the live socket share. */
export interface VisitNeeds {
  readonly events: Events
  readonly ids: Ids
  readonly feeds: Feeds
  readonly gate: Gate
  readonly presence: Presence
  readonly say: Say
  readonly read: Handlers<typeof cityContract>['read']
  /** Everybody who is here, for one who reports for the first time. */
  readonly everybody: () => Frame
  readonly left: (visitor: Visitor) => void
  /** Hears of failures that are bugs. */
  readonly failed: (failure: unknown) => void
}

const MAX_ROOMS = 500
/** Rooms of one client that catch up at the same time. */
const AT_ONCE = 8
/** Frames of one client that may wait for the ones before them. */
const MAX_WAITING = 100
const CALL_MS = 30_000

/** What one may do at all decides what may be said, as it does for the same thing over HTTP. */
const RIGHTS: Partial<Record<ClientFrame['type'], string>> = {
  subscribe: cityContract.messages.right,
  send: cityContract.post.right,
  typing: cityContract.post.right,
  read: cityContract.read.right,
}

type SaidOf<K extends ClientFrame['type']> = Extract<ClientFrame, { type: K }>

/** Somebody's open socket: the rooms it follows, and what it says. There are many of them, so each is one object with what only it has. */
export class Visitor implements Listener, Follower, Reporter {
  readonly principal: Principal
  shown: Shown | null = null
  heardAt = 0
  next: Reporter | null = null
  /** Rooms followed, by id, and as the client named them. */
  readonly #rooms = new Map<string, string>()
  readonly #connection: Connection
  readonly #needs: VisitNeeds
  #said: Line | undefined
  #following: Line | undefined

  constructor(connection: Connection, principal: Principal, needs: VisitNeeds) {
    this.#connection = connection
    this.principal = principal
    this.#needs = needs
  }

  get person(): string {
    return this.principal.id
  }
  get isGone(): boolean {
    return this.#connection.isGone
  }
  /** Whether it ever reported: who does not is told of nobody. */
  get reports(): boolean {
    return this.heardAt > 0
  }
  send(said: Frame): void {
    this.#connection.send(said)
  }
  drained(): Promise<void> {
    return this.#connection.drained()
  }
  follows(room: string): boolean {
    return this.#rooms.has(room)
  }

  hear(text: string): void {
    const { said, about, fault } = understand(text)
    if (!said) {
      this.#refuse(fault, about)
      return
    }
    // Long catching up must not hold back what the client says meanwhile.
    const follows = said.type === 'subscribe' || said.type === 'unsubscribe'
    const line = follows ? this.#followLine() : this.#sayLine()
    line(async () => {
      if (this.isGone) return
      await this.#act(said).catch((cause: unknown) => this.#refuse(cause, about))
    })
  }

  left(): void {
    this.#needs.presence.leave(this)
    for (const room of this.#rooms.keys()) this.#needs.feeds.unfollow(room, this)
    this.#rooms.clear()
    this.#needs.left(this)
  }

  checked(): void {
    this.recheck()
  }

  /** Looks again whether it may still read a room it follows, or all of them. */
  recheck(room?: string): void {
    if (room !== undefined && !this.#rooms.has(room)) return
    this.#followLine()(async () => {
      const rooms = room === undefined ? [...this.#rooms.keys()] : [room]
      await Promise.all(rooms.map((id) => this.#recheckOne(id)))
    })
  }

  async #recheckOne(room: string): Promise<void> {
    const { gate, feeds, failed } = this.#needs
    try {
      if ((await gate.enter(this.principal, room)) !== undefined || !this.#rooms.delete(room)) return
      feeds.unfollow(room, this)
      this.#reply({ type: 'unsubscribed', room })
    } catch (failure) {
      // That nobody could be asked is no answer; the next look asks again.
      failed(failure)
    }
  }

  async #act(said: ClientFrame): Promise<void> {
    const right = RIGHTS[said.type]
    if (right !== undefined && !reaches(this.principal.scopes, right))
      throw kernelError('auth.out_of_scope', { right })
    switch (said.type) {
      case 'subscribe':
        return await this.#subscribe(said)
      case 'unsubscribe':
        return this.#unsubscribe(said)
      case 'send':
        return await this.#say(said)
      case 'typing':
        return await this.#type(said)
      case 'read':
        return await this.#read(said)
      case 'presence':
        return await this.#report(said)
    }
  }

  async #subscribe({ room, after, rooms }: SaidOf<'subscribe'>): Promise<void> {
    const asked = rooms ?? (room === undefined ? [] : [{ room, after }])
    if (this.#rooms.size + asked.length > MAX_ROOMS)
      throw cityError('city.too_many_rooms', { limit: MAX_ROOMS })
    let next = 0
    const work = async (): Promise<void> => {
      for (let one = asked[next++]; one; one = asked[next++]) {
        const named = one.room
        await this.#follow(named, one.after).catch((cause: unknown) => this.#refuse(cause, { room: named }))
      }
    }
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, asked.length) }, work))
  }

  async #follow(asked: string, after: number | undefined): Promise<void> {
    const room = await this.#needs.gate.enter(this.principal, asked)
    if (room === undefined) throw cityError('city.room_not_found')
    if (this.isGone) return
    this.#rooms.set(room, asked)
    const joined = await this.#needs.feeds
      .follow(room, this, after, ({ seq, resync }) => {
        if (resync) this.#reply({ type: 'resync', room, seq })
        this.#reply({ type: 'subscribed', room, seq, asked })
      })
      .catch((failure: unknown) => {
        this.#rooms.delete(room)
        throw failure
      })
    if (!joined) this.#rooms.delete(room)
  }

  #unsubscribe({ room: asked }: SaidOf<'unsubscribe'>): void {
    const room = this.#followed(asked)
    if (room === undefined) return
    this.#rooms.delete(room)
    this.#needs.feeds.unfollow(room, this)
  }

  async #say({ type: _, room, ...body }: SaidOf<'send'>): Promise<void> {
    const { say, ids } = this.#needs
    const { message } = await say(this.principal, room, body, ids.make('req'))
    this.#reply({
      type: 'ack',
      clientId: body.clientId,
      room: message.room,
      id: message.id,
      seq: message.seq,
    })
  }

  async #type({ room: asked }: SaidOf<'typing'>): Promise<void> {
    const room = await this.#idOf(asked)
    const said = { type: 'typing', principal: this.principal.id, name: this.principal.name }
    this.#needs.events.broadcast(signal, { room, frame: said })
  }

  async #read({ room, seq }: SaidOf<'read'>): Promise<void> {
    const { read, ids } = this.#needs
    const call = {
      principal: this.principal,
      service: null,
      requestId: ids.make('req'),
      signal: deadline(CALL_MS),
    }
    await read({ room, seq }, call)
  }

  async #report({ state, room: asked }: SaidOf<'presence'>): Promise<void> {
    if (this.principal.kind !== 'person') return
    const room = asked == null ? null : await this.#idOf(asked).catch(() => null)
    if (this.isGone) return
    const first = !this.reports
    this.#needs.presence.report(this, { state, room })
    if (first) this.send(this.#needs.everybody())
  }

  #followed(asked: string): string | undefined {
    for (const [id, named] of this.#rooms) if (id === asked || named === asked) return id
    return undefined
  }

  async #idOf(asked: string): Promise<string> {
    const room = this.#followed(asked) ?? (await this.#needs.gate.enter(this.principal, asked))
    if (room === undefined) throw cityError('city.room_not_found')
    return room
  }

  #reply(said: ServerFrame): void {
    this.send(frame(said))
  }

  #refuse(cause: unknown, about: { room?: string; clientId?: string }): void {
    if (this.isGone) return
    const failure = AppError.from(cause)
    if (failure.kind === 'internal') this.#needs.failed(cause)
    const { kind, code, message, params } = failure
    this.#reply({ type: 'error', kind, code, message, params, ...about })
  }

  #sayLine(): Line {
    this.#said ??= createLine(MAX_WAITING, this.#connection, () => {
      this.#said = undefined
    })
    return this.#said
  }
  #followLine(): Line {
    this.#following ??= createLine(MAX_ROOMS, this.#connection, () => {
      this.#following = undefined
    })
    return this.#following
  }
}

type Line = (work: () => Promise<void>) => void

/** One piece of work after another, until none is left; too many waiting are a flood. Work never rejects. */
function createLine(limit: number, connection: Connection, empty: () => void): Line {
  let last: Promise<void> | undefined
  let waiting = 0
  return (work) => {
    if (waiting >= limit) return connection.close(CLOSE.flooding, 'flooding')
    waiting++
    last = (last ? last.then(work) : work()).finally(() => {
      if (--waiting === 0) empty()
    })
  }
}
