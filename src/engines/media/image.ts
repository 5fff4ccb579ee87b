import sharp, { type Metadata } from 'sharp'
import { engineError } from '../engine.errors.ts'

/** What an image says in its header, and that it can be decoded to its end. */
export interface ImageFacts {
  readonly mime: string
  /** Upright. */
  readonly width: number
  readonly height: number
}

const MIMES: Readonly<Record<string, string | undefined>> = {
  png: 'image/png',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  tiff: 'image/tiff',
  heif: 'image/avif',
}

/** A moving picture may have so many times the pixels of a still one, over all its frames. */
const MOVING = 10

/**
 * Looks at the header, refuses by it, and only then decodes the first frame, in strips. For bytes already sniffed as an image: SVG and the like must
 * not come here. Runs in a child only. Throws `file.too_many_pixels`, `file.unreadable`, `file.unsupported`.
 */
export async function imageFacts(bytes: Uint8Array, maxPixels: number): Promise<ImageFacts> {
  const facts = await headerFacts(bytes, maxPixels)
  try {
    await open(bytes).resize(64, 64, { fit: 'inside' }).raw().toBuffer()
  } catch (cause) {
    throw engineError('file.unreadable', {}, { cause })
  }
  return facts
}

/** See `Media.thumbnail`. Throws as `imageFacts` does. */
export async function makeThumbnail(bytes: Uint8Array, edge: number, maxPixels: number): Promise<Uint8Array> {
  await headerFacts(bytes, maxPixels)
  try {
    return await open(bytes)
      .autoOrient()
      .resize(edge, edge, { fit: 'inside', withoutEnlargement: true })
      .webp({ quality: 80 })
      .toBuffer()
  } catch (cause) {
    throw engineError('file.unreadable', {}, { cause })
  }
}

/** `imageFacts` without decoding anything. */
export async function headerFacts(bytes: Uint8Array, maxPixels: number): Promise<ImageFacts> {
  let header: Metadata
  try {
    header = await open(bytes).metadata()
  } catch (cause) {
    throw engineError('file.unreadable', {}, { cause })
  }
  const mime = MIMES[header.format]
  if (mime === undefined || (header.format === 'heif' && header.compression !== 'av1'))
    throw engineError('file.unsupported', { mime: `image/${header.format}` })
  const { width, height } = header.autoOrient
  const frames = header.format === 'tiff' ? 1 : (header.pages ?? 1)
  const pixels = Math.max(width * height, (width * height * frames) / MOVING)
  if (pixels > maxPixels) {
    const megapixels = Math.round(pixels / 1_000_000)
    throw engineError('file.too_many_pixels', { megapixels, limit: Math.round(maxPixels / 1_000_000) })
  }
  return { mime, width, height }
}

/** The pixel limit is ours, above; strips keep the memory of a large picture small. */
const open = (bytes: Uint8Array) =>
  sharp(bytes, { failOn: 'error', limitInputPixels: false, sequentialRead: true, pages: 1 })
