import { z } from 'zod'
import { event } from '../../../kernel/event.ts'

/** Somebody asked for an archive. */
export const exportAsked = event('city.export_asked', 1, z.object({ export: z.string() }))

/** An archive has lain for its day. */
export const exportExpired = event('city.export_expired', 1, z.object({ export: z.string() }))

/** An archive of another place has come and waits to be taken in. */
export const importAsked = event('city.import_asked', 1, z.object({ import: z.string() }))

/** An import is over: its archive is not kept. */
export const importOver = event('city.import_over', 1, z.object({ blob: z.string() }))
