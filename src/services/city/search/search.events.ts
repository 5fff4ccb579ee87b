import { z } from 'zod'
import { event } from '../../../kernel/event.ts'

/** Texts of these messages want to be embedded. Of search, to itself. */
export const embedAsked = event(
  'city.search_embed_asked',
  1,
  z.object({ model: z.string(), messages: z.array(z.string()) }),
)

/** All texts want to be embedded with a model, the newest first: those of messages before this id now, then on. Of search, to itself. */
export const rebuildAsked = event(
  'city.search_rebuild_asked',
  1,
  z.object({ model: z.string(), before: z.string().nullable() }),
)

/** Somebody asked the internet in a room. Of search, to itself. */
export const webAsked = event(
  'city.web_asked',
  1,
  z.object({ room: z.string(), message: z.string(), query: z.string() }),
)
