import { readFile } from 'node:fs/promises'
import { fileTypeFromBuffer } from 'file-type'
import sharp from 'sharp'
import { engineError } from '../engine.errors.ts'
import { refusal } from '../media/accepted.ts'
import { headerFacts } from '../media/image.ts'
import { IMAGES } from '../media/image-types.ts'
import { type GreyImage, prepare } from './prepare.ts'
import type { ReadLine } from './read-image.ts'
import { joinedPages, type PageReading, type Reading, toReading } from './reading.ts'

export interface ReadTask {
  /** Absent where the bytes came with the job. */
  readonly path?: string
  readonly mime: string
  readonly maxPixels: number
}

/** Lines of a page, in the pixels of the image that comes with them: it may have been turned and made larger. */
export type ReadPage = (grey: GreyImage) => Promise<{ lines: readonly ReadLine[]; image: GreyImage }>

const MAX_TIFF_PAGES = 30

/** Opens a foreign picture and reads its pages: a fax or a scanner puts several into one TIFF; of a moving picture the first frame is read. In a child process only. */
export async function readPages(task: ReadTask, given: Uint8Array, readPage: ReadPage): Promise<Reading> {
  const bytes = task.path === undefined ? given : new Uint8Array(await readFile(task.path))
  if (bytes.length === 0) throw engineError('file.empty')
  const type = await fileTypeFromBuffer(bytes)
  if (!type || !IMAGES.has(type.mime)) throw refusal(type?.mime, { mime: task.mime, name: '' })
  const { mime } = await headerFacts(bytes, task.maxPixels)
  const pages = mime === 'image/tiff' ? ((await sharp(bytes).metadata()).pages ?? 1) : 1
  const readings: PageReading[] = []
  for (let page = 0; page < Math.min(pages, MAX_TIFF_PAGES); page++)
    readings.push(await readOne(bytes, page, readPage))
  return joinedPages(readings)
}

async function readOne(bytes: Uint8Array, page: number, readPage: ReadPage): Promise<PageReading> {
  const { grey, height, width } = await prepare(bytes, page).catch((cause: unknown) => {
    throw engineError('file.unreadable', {}, { cause })
  })
  if (!grey) return { text: '', confidence: 0, words: [], page: { width, height, turned: 0 } }
  const { image, lines } = await readPage(grey)
  const { turned } = image
  const size = turned % 180 === 0 ? { width, height } : { width: height, height: width }
  return { ...toReading(lines, image.scale), page: { ...size, turned } }
}
