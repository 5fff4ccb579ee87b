import { z } from 'zod'
import { get } from '../../kernel/contract.ts'

/** What an address in a message shows of itself, as plain text from outside. */
export const LinkPreview = z.object({
  message: z.string(),
  url: z.string(),
  /** `pending` while it is fetched; one that could not be had is not shown at all. */
  state: z.enum(['pending', 'done']),
  title: z.string(),
  description: z.string(),
  site: z.string(),
  /** Where the city keeps the page's picture, made small. */
  picture: z.string().optional(),
})
export type LinkPreview = z.infer<typeof LinkPreview>

/** The pictures are a route of their own: `GET /api/city/messages/:message/picture`. */
export const PICTURE_RIGHT = 'city.message.read'

export const previewOperations = {
  previews: get('/api/city/previews', {
    right: 'city.message.read',
    summary: 'What the addresses in these messages show of themselves; asking has them fetched, once',
    input: z.object({ messages: z.array(z.string().max(200)).min(1).max(50) }),
    output: z.object({
      /** Whether this city opens addresses at all. */
      on: z.boolean(),
      items: z.array(LinkPreview),
    }),
  }),
}
