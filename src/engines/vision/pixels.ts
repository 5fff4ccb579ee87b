import sharp, { type OutputInfo, type Sharp } from 'sharp'
import { engineError } from '../engine.errors.ts'
import { headerFacts } from '../media/image.ts'

/** A picture to be looked at several times, upright. In a child process only. */
export interface Pixels {
  readonly width: number
  readonly height: number
  /** RGB bytes, row by row, as `shape` makes the picture. Transparent places are white. */
  rgb(shape: (image: Sharp) => Sharp): Promise<Buffer>
  /** RGBA bytes of the whole, no edge longer than `edge`. */
  rgba(edge: number): Promise<{ data: Uint8ClampedArray<ArrayBuffer>; width: number; height: number }>
}

/** Throws `file.too_many_pixels`, `file.unreadable`, `file.unsupported`. */
export async function openPixels(bytes: Uint8Array, maxPixels: number): Promise<Pixels> {
  const { height, width } = await headerFacts(bytes, maxPixels)
  const image = () =>
    sharp(bytes, { failOn: 'error', limitInputPixels: false, sequentialRead: true, pages: 1 })
      .autoOrient()
      .toColourspace('srgb')
  const made = async (work: () => Promise<{ data: Buffer; info: OutputInfo }>) => {
    try {
      return await work()
    } catch (cause) {
      throw engineError('file.unreadable', {}, { cause })
    }
  }
  return {
    width,
    height,
    async rgb(shape) {
      const opaque = image().flatten({ background: '#fff' })
      const { data } = await made(() => shape(opaque).raw().toBuffer({ resolveWithObject: true }))
      return data
    },
    async rgba(edge) {
      const { data, info } = await made(() =>
        image()
          .resize(edge, edge, { fit: 'inside', withoutEnlargement: true })
          .ensureAlpha()
          .raw()
          .toBuffer({ resolveWithObject: true }),
      )
      return { data: new Uint8ClampedArray(data), width: info.width, height: info.height }
    },
  }
}
