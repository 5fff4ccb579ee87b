import { posix } from 'node:path'
import { engineError } from '../engine.errors.ts'
import { readXml } from './xml.ts'
import { listZip, unzip, ZIP_LIMITS, type ZipEntry } from './zip.ts'

/** A ZIP that has passed `guardZip`, read part by part. */
export interface Archive {
  readonly entries: readonly ZipEntry[]
  has(name: string): boolean
  /** Throws `file.bomb` where more is read in all than an archive may unpack to, `file.unreadable` where there is no such part. */
  read(name: string): Uint8Array
  /** What a part of an OOXML package refers to, by id. Empty where it refers to nothing. */
  relations(part: string): ReadonlyMap<string, Relation>
}

export interface Relation {
  /** The last word of its type, such as `image`. */
  readonly type: string
  /** A part's name, or an address. */
  readonly target: string
}

export function openArchive(bytes: Uint8Array): Archive {
  const entries = listZip(bytes)
  const byName = new Map(entries.map((entry) => [entry.name, entry]))
  let left = 2 * ZIP_LIMITS.maxUnpackedBytes
  const read = (name: string): Uint8Array => {
    const entry = byName.get(name)
    if (!entry) throw engineError('file.unreadable')
    const content = unzip(bytes, entry, Math.min(left, ZIP_LIMITS.maxUnpackedBytes))
    left -= content.length
    return content
  }
  return {
    entries,
    read,
    has: (name) => byName.has(name),
    relations: (part) => {
      const name = posix.join(posix.dirname(part), '_rels', `${posix.basename(part)}.rels`)
      const found = new Map<string, Relation>()
      if (!byName.has(name)) return found
      readXml(read(name), {
        open: (element, { Id, Target = '', TargetMode, Type = '' }) => {
          if (element !== 'Relationship' || Id === undefined) return
          const target =
            TargetMode === 'External'
              ? Target
              : Target.startsWith('/')
                ? Target.slice(1)
                : posix.join(posix.dirname(part), Target)
          found.set(Id, { type: Type.slice(Type.lastIndexOf('/') + 1), target })
        },
      })
      return found
    },
  }
}
