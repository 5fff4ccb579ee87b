import { createHmac } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Clock } from '../../kernel/clock.ts'
import type { Secret } from '../../kernel/secret.ts'
import type { Events } from '../../platform/events/events.ts'
import type { SafeFetch } from '../../platform/fetch/fetch.ts'
import { type JobStore, shown } from './jobs.store.ts'
import { webhookDue } from './multimodal-gateway.events.ts'
import type { GatewayTables } from './multimodal-gateway.tables.ts'

/** When an address that did not take a webhook is asked again, as Standard Webhooks has it. */
const WEBHOOK_RETRIES_MS: readonly number[] = [5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000]
const TIMEOUT_MS = 15_000
const GONE = 410

export interface WebhookNeeds {
  readonly db: Kysely<GatewayTables>
  readonly events: Events
  readonly store: Pick<JobStore, 'find'>
  readonly open: SafeFetch
  readonly secretOf: (owner: string) => string
  readonly clock: Clock
  /** `WEBHOOK_RETRIES_MS` where nothing is said. */
  readonly retriesMs?: readonly number[] | undefined
}

/** Tells the address that a job named that it is over: signed, through the guarded way out, again later where it was not taken, also after a crash. */
export function consumeWebhooks(needs: WebhookNeeds): void {
  const { clock, db, events, open, retriesMs = WEBHOOK_RETRIES_MS, secretOf, store } = needs
  events.consume({
    name: 'gateway.webhook',
    db,
    types: [webhookDue],
    concurrency: 4,
    attempts: 3,
    async handle({ data: { attempt, job }, principal }, delivery) {
      const row = await store.find(job)
      if (!row?.webhook) return
      const body = JSON.stringify({
        type: `multimodal.job.${row.state}`,
        timestamp: (row.finished_at ?? row.created_at).toISOString(),
        data: shown(row),
      })
      const headers = {
        'content-type': 'application/json',
        ...sign(secretOf(row.owner), job, clock.now(), body),
      }
      const { signal } = delivery
      const status = await open(row.webhook, {
        method: 'POST',
        body,
        headers,
        signal,
        timeoutMs: TIMEOUT_MS,
      }).then(
        (answer) => answer.status,
        (cause: unknown) => {
          signal.throwIfAborted()
          return cause instanceof Error && 'kind' in cause && cause.kind === 'invalid' ? GONE : 0
        },
      )
      const wait = retriesMs[attempt - 1]
      if ((status >= 200 && status < 300) || status === GONE || wait === undefined) return
      await delivery.commit((tx) =>
        events.append(tx, {
          type: webhookDue,
          principal,
          availableAt: clock.now() + wait,
          data: { job, attempt: attempt + 1 },
        }),
      )
    },
  })
}

/** Each owner's own, made from the city's: nothing to keep, and nothing that tells of another's. */
export const webhookSecret = (city: Secret, owner: string): string =>
  `whsec_${createHmac('sha256', city.reveal()).update(`multimodal webhook ${owner}`).digest('base64')}`

/** The headers of Standard Webhooks 1.0: HMAC-SHA256 over id, time and body. */
function sign(secret: string, id: string, at: number, body: string): Record<string, string> {
  const seconds = Math.floor(at / 1000)
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': String(seconds), 'webhook-signature': `v1,${signature}` }
}
