import { z } from 'zod'

const Has = z.enum(['file', 'image', 'voice', 'link'])
export const HAS = Has.options
export type Has = z.infer<typeof Has>
const Day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/)

/** A search as it stands in the address: it can be sent to somebody and opened again. */
export const SearchParams = z.object({
  q: z.string().max(500).optional().catch(undefined),
  mode: z.enum(['both', 'words', 'meaning']).optional().catch(undefined),
  in: z.string().max(200).optional().catch(undefined),
  from: z.string().max(200).optional().catch(undefined),
  has: z.array(Has).max(4).optional().catch(undefined),
  after: Day.optional().catch(undefined),
  before: Day.optional().catch(undefined),
})
export type SearchParams = z.infer<typeof SearchParams>

/** The same as the city asks for it: days begin and end where the reader is. */
export function toInput({ q = '', mode = 'both', after, before, has = [], ...rest }: SearchParams) {
  return {
    q,
    mode,
    has,
    ...(rest.in !== undefined && { in: rest.in }),
    ...(rest.from !== undefined && { from: rest.from }),
    ...(after !== undefined && { after: startOfDay(after, 0) }),
    // Up to the end of the day that was chosen.
    ...(before !== undefined && { before: startOfDay(before, 1) }),
  }
}

export const asks = ({ q = '', in: room, from, has = [], after, before }: SearchParams): boolean =>
  q.trim() !== '' || has.length > 0 || [room, from, after, before].some((one) => one !== undefined)

function startOfDay(day: string, later: number): string {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return new Date(year, month - 1, date + later).toISOString()
}
