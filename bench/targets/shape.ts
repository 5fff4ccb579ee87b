import { z } from 'zod'

export const In = z.object({ room: z.string().min(1).max(64), seq: z.number().int().min(0) })
export const Out = z.object({ room: z.string(), readSeq: z.number().int(), items: z.array(z.string()) })
