import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Contract, Handlers } from '../../kernel/contract.ts'
import type { ErrorParams } from '../../kernel/errors.ts'
import type { Principal } from '../../kernel/principal.ts'

/** Who a request comes from. `principal` is null for nobody; `service` is set when another service calls, on the principal's behalf. */
export interface Identity {
  readonly principal: Principal | null
  readonly service: string | null
  /** What it came in by, for revocation. */
  readonly credential: { readonly type: 'session' | 'key'; readonly id: string } | null
}

/** What of a request tells whom it is from. An open socket keeps its credential alone, so that it can be asked for anew. */
export interface Sender extends Pick<FastifyRequest, 'id' | 'headers'> {
  readonly raw: Pick<FastifyRequest['raw'], 'socket'>
}

/** Names the sender of a request by its bearer key, service token or session cookie. A credential that is there but wrong rejects with `auth.bad_credential`. */
export type Authenticate = (request: Sender) => Promise<Identity>

export interface Check {
  /** What it depends on: `database`, `model whisper-base`, … */
  readonly name: string
  readonly state: 'ok' | 'degraded' | 'down'
  /** Why, and the command that mends it, in English. */
  readonly detail?: string
  /** The same sentence in a catalogue of errors, so that a page says it in the reader's language. */
  readonly code?: string
  readonly params?: ErrorParams
}

/** A service as compose holds it. Only `contract` and `handlers` are everywhere. */
export interface Service<C extends Contract = Contract> {
  readonly contract: C
  readonly handlers: Handlers<C>
  /** Operations that `routes` serves itself, because they set cookies or choose a status; documented like the others. */
  readonly custom?: readonly (keyof C & string)[]
  /** WebSocket, SSE, uploads and other people's wire formats. */
  routes?(app: FastifyInstance, authenticate: Authenticate): void
  /** What must be so before the first request: seeds, mostly. Runs at every start, so it changes nothing the second time. */
  start?(): Promise<void>
  checks?(): Promise<readonly Check[]>
  stop?(): Promise<void>
}
