import { z } from 'zod'
import { get, put } from '../../kernel/contract.ts'

/** What files take, and what they may take. */
export const Quota = z.object({
  usedBytes: z.number().int(),
  /** May be less than what is used already: then nothing more comes in. */
  limitBytes: z.number().int(),
  files: z.number().int(),
  /** The limit was set for this one; otherwise it is the city's own for all of them. */
  own: z.boolean(),
})
export type Quota = z.infer<typeof Quota>

/** Null takes back what was set: then the city's own limit counts. */
const limitBytes = z
  .number()
  .int()
  .min(0)
  .max(2 ** 50)
  .nullable()

/** How much the files of a person and of a room may take. */
export const quotaOperations = {
  quota: get('/api/city/quota', {
    right: 'city.quota.read',
    summary: 'What my files take, and what they may take',
    input: z.object({}),
    output: Quota,
  }),
  roomQuota: get('/api/city/rooms/:room/quota', {
    right: 'city.quota.read',
    summary: 'What the files of a room take, and what they may take; for those who manage it',
    input: z.object({ room: z.string() }),
    output: Quota,
    errors: ['forbidden'],
  }),
  limitRoom: put('/api/city/rooms/:room/quota', {
    right: 'city.quota.set',
    summary: 'Say what the files of a room may take; those of a room one may read',
    access: 'operator',
    input: z.object({ room: z.string(), limitBytes }),
    output: Quota,
  }),
  personQuota: get('/api/city/people/:principal/quota', {
    right: 'city.quota.read',
    summary: 'What somebody’s files take, and what they may take',
    access: 'operator',
    input: z.object({ principal: z.string() }),
    output: Quota,
  }),
  limitPerson: put('/api/city/people/:principal/quota', {
    right: 'city.quota.set',
    summary: 'Say what somebody’s files may take',
    access: 'operator',
    input: z.object({ principal: z.string(), limitBytes }),
    output: Quota,
  }),
}
