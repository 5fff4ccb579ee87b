import { encode } from 'blurhash'
import sharp, { type Metadata, type Sharp } from 'sharp'
import { engineError } from '../engine.errors.ts'
import type { PagePicture } from './media.ts'

/** What an image says in its header, and that it can be decoded to its end. */
export interface ImageFacts {
  readonly mime: string
  /** Upright. */
  readonly width: number
  readonly height: number
}

export interface SeenImage extends ImageFacts {
  readonly blurhash: string
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
export async function imageFacts(bytes: Uint8Array, maxPixels: number): Promise<SeenImage> {
  const facts = await headerFacts(bytes, maxPixels)
  try {
    const small = open(bytes)
      .autoOrient()
      .resize(32, 32, { fit: 'inside' })
      .toColourspace('srgb')
      .ensureAlpha()
    const { data, info } = await small.raw().toBuffer({ resolveWithObject: true })
    const blurhash = encode(new Uint8ClampedArray(data), info.width, info.height, 4, 3)
    return { ...facts, blurhash }
  } catch (cause) {
    throw engineError('file.unreadable', {}, { cause })
  }
}

/** See `Media.clean`. What a camera wrote stands in EXIF, XMP and IPTC; the colour profile stays. Throws as `imageFacts` does. */
export async function cleanImage(bytes: Uint8Array, maxPixels: number): Promise<Uint8Array | null> {
  await headerFacts(bytes, maxPixels)
  try {
    const header = await open(bytes).metadata()
    const { exif, xmp, iptc, comments = [], orientation = 1, pages = 1 } = header
    const written = exif ?? xmp ?? iptc ?? comments[0]
    // Of a TIFF nobody can say cheaply what stands in its tags.
    if (written === undefined && orientation === 1 && header.format !== 'tiff') return null
    // What moves is never turned; of a TIFF every page is kept.
    const image = pages > 1 ? sharp(bytes, { ...READ, pages: -1 }) : open(bytes).autoOrient()
    return new Uint8Array(await inFormat(image.keepIccProfile(), header).toBuffer())
  } catch (cause) {
    throw engineError('file.unreadable', {}, { cause })
  }
}

/** In the format it came in, near enough to the original that nobody sees the difference. */
function inFormat(image: Sharp, { format, chromaSubsampling }: Metadata): Sharp {
  if (format === 'heif') return image.avif({ quality: 80 })
  if (format === 'jpeg') return image.jpeg({ quality: 92, ...(chromaSubsampling && { chromaSubsampling }) })
  if (format === 'webp') return image.webp({ quality: 92 })
  if (format === 'tiff') return image.tiff({ compression: 'lzw' })
  return image.toFormat(format)
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

const MAX_PAGE_EDGE = 3_200

/** See `Media.pages`. Throws as `imageFacts` does. */
export async function pagePictures(
  bytes: Uint8Array,
  turns: readonly (0 | 90 | 180 | 270)[],
  maxPixels: number,
): Promise<readonly PagePicture[]> {
  await headerFacts(bytes, maxPixels)
  const pages: PagePicture[] = []
  try {
    for (const [page, turn] of turns.entries()) {
      const upright = await sharp(bytes, { ...READ, page })
        .autoOrient()
        .resize(MAX_PAGE_EDGE, MAX_PAGE_EDGE, { fit: 'inside', withoutEnlargement: true })
        .flatten({ background: '#fff' })
        .toColourspace('srgb')
        .raw()
        .toBuffer({ resolveWithObject: true })
      const raw = { width: upright.info.width, height: upright.info.height, channels: upright.info.channels }
      const { data, info } = await sharp(upright.data, { raw, limitInputPixels: false })
        .rotate(turn)
        .jpeg({ quality: 85 })
        .toBuffer({ resolveWithObject: true })
      const { channels, height, width } = info
      pages.push({ jpeg: new Uint8Array(data), width, height, grey: channels === 1 })
    }
    return pages
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
const READ = { failOn: 'error', limitInputPixels: false, sequentialRead: true } as const
const open = (bytes: Uint8Array) => sharp(bytes, { ...READ, pages: 1 })
