import sharp from 'sharp'
import { engineError } from '../engine.errors.ts'
import { imageFacts } from '../media/image.ts'
import { MEDIA_LIMITS } from '../media/media.ts'

/** A picture to be read as a page: its pages (a TIFF has several), each drawn when asked for. */
export interface ImageScan {
  readonly pages: number
  /** PNG or JPEG. Rejects with `file.unreadable`. */
  page(number: number): Promise<Uint8Array<ArrayBuffer>>
}

/** For bytes sniffed as an image, in a child only. Throws `file.too_many_pixels`, `file.unreadable`. */
export async function openImage(bytes: Uint8Array): Promise<ImageScan> {
  const { maxPixels } = MEDIA_LIMITS
  const { mime } = await imageFacts(bytes, maxPixels)
  // The pages of a moving picture are no pages.
  const pages = mime === 'image/tiff' ? ((await sharp(bytes).metadata()).pages ?? 1) : 1
  return {
    pages,
    page: async (number) => {
      if (mime === 'image/png' || mime === 'image/jpeg') return new Uint8Array(bytes)
      try {
        const image = sharp(bytes, { limitInputPixels: maxPixels, page: number - 1 })
        return new Uint8Array(await image.png({ compressionLevel: 3 }).toBuffer())
      } catch (cause) {
        throw engineError('file.unreadable', {}, { cause })
      }
    },
  }
}
