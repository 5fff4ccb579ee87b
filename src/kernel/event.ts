import { z } from 'zod'

/** A durable event as plain data: what happened, under which name and version, with what payload. */
export interface EventType<D extends z.ZodType = z.ZodType> {
  readonly name: string
  readonly version: number
  readonly data: D
}

export const event = <D extends z.ZodType>(name: string, version: number, data: D): EventType<D> => ({
  name,
  version,
  data,
})

/** An event as it travels. Consumers ignore fields they do not know. */
export const Envelope = z.object({
  id: z.string(),
  name: z.string(),
  version: z.number().int(),
  /** ISO 8601, UTC. */
  at: z.string(),
  /** Whose action caused it; null for the city itself. */
  principal: z.string().nullable(),
  room: z.string().optional(),
  seq: z.number().int().optional(),
  requestId: z.string().optional(),
  data: z.unknown(),
})
export type Envelope = z.infer<typeof Envelope>

export type EventOf<T extends EventType> = Omit<Envelope, 'data'> & { readonly data: z.output<T['data']> }

/** A transient broadcast: delivered to whoever listens now, kept by nobody. */
export interface Channel<D extends z.ZodType = z.ZodType> {
  readonly channel: string
  readonly data: D
}

export const channel = <D extends z.ZodType>(name: string, data: D): Channel<D> => ({ channel: name, data })
