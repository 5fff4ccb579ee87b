import { createHash } from 'node:crypto'
import type { ImportSource } from '../messages.contract.ts'

const PREFIX = 'elsewhere_'

/** The id under which somebody of another place stands as an author: the same person of the same place is always the same, and is nobody who could sign in here. */
export const elsewhere = (source: ImportSource, place: string, person: string): string =>
  PREFIX +
  createHash('sha256')
    .update(JSON.stringify([source, place, person]))
    .digest('hex')
    .slice(0, 24)

/** Whether an author is somebody of another place. */
export const isElsewhere = (author: string): boolean => author.startsWith(PREFIX)
