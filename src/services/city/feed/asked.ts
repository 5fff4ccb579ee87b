import { isoTime } from '../../../kernel/clock.ts'
import type { Principal } from '../../../kernel/principal.ts'
import type { Room } from '../rooms.contract.ts'

/** For whom, and where, what happened is gathered. */
export interface Asked {
  readonly principal: Principal
  /** The rooms that may be read now, with how far they were read. */
  readonly rooms: readonly Room[]
  /** Milliseconds since 1970. */
  readonly from: number
  readonly visit: number | null
}

/** Of each kind at most so many are looked at. */
export const MOST = 200
const WORDS = 160

/** Their ids. */
export const idsOf = (rooms: readonly Room[]): string[] => rooms.map(({ id }) => id)
/** A time as the database takes it. */
export const at = (ms: number): string => isoTime(ms)
/** A room as an item names it. */
export const shortly = ({ id, slug, name, visibility }: Room) => ({ id, slug, name, visibility })
/** The first words of a text. */
export const opening = (text: string): string =>
  text.length > WORDS ? `${[...text].slice(0, WORDS - 1).join('')}…` : text

/** What most items have nothing of. */
export const blank = { people: [], count: 1, message: null, text: '', document: null, accepted: null }
