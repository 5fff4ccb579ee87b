import { z } from 'zod'
import { get, put } from '../../kernel/contract.ts'

/** What of the files posted in a room its collection gathers: none, documents alone, or all that can be read. */
export const Gathers = z.enum(['none', 'documents', 'all'])
export type Gathers = z.infer<typeof Gathers>

const inRoom = z.object({ room: z.string() })
const chosen = z.object({ gathers: Gathers })

/** Which files of a room become knowledge. */
export const gatheringOperations = {
  gathering: get('/api/knowledge/rooms/:room/gathering', {
    right: 'knowledge.gathering.read',
    summary: 'Which files posted in a room its collection gathers',
    input: inRoom,
    output: chosen,
  }),
  setGathering: put('/api/knowledge/rooms/:room/gathering', {
    right: 'knowledge.gathering.change',
    summary:
      'Choose which files posted in a room its collection gathers from now on; what it has already stays',
    input: inRoom.extend({ gathers: Gathers }),
    output: chosen,
    errors: ['forbidden'],
  }),
}
