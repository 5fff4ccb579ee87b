import type { ParsedPicture } from './parser.ts'

/** Takes the pictures of one document, or none where none are wanted. */
export interface PictureTray {
  readonly isOpen: boolean
  /** Null where it is no picture a person can be shown, or there are too many. */
  take(bytes: Uint8Array, alt?: string): ParsedPicture | null
}

const MAX_PICTURES = 200
const MAX_BYTES = 64 * (1 << 20)

/** At most 200 pictures of 64 MB together; drawings of Windows and fonts are passed over. */
export function createPictureTray(isOpen: boolean): PictureTray {
  let count = 0
  let left = MAX_BYTES
  return {
    isOpen,
    take(bytes, alt) {
      const mime = isOpen ? pictureType(bytes) : null
      if (mime === null || count >= MAX_PICTURES || bytes.length > left) return null
      count++
      left -= bytes.length
      return { mime, bytes: new Uint8Array(bytes), ...(alt && { alt: alt.slice(0, 500) }) }
    },
  }
}

/** By its first bytes. */
export function pictureType(bytes: Uint8Array): string | null {
  const start = Buffer.from(bytes.subarray(0, 12)).toString('latin1')
  if (start.startsWith('\x89PNG')) return 'image/png'
  if (start.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (start.startsWith('GIF8')) return 'image/gif'
  if (start.startsWith('RIFF') && start.endsWith('WEBP')) return 'image/webp'
  return start.startsWith('II*\0') || start.startsWith('MM\0*') ? 'image/tiff' : null
}
