import { access, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileTypeFromBuffer } from 'file-type'
import sharp from 'sharp'
import { createWorker, OEM, PSM, type Worker } from 'tesseract.js'
import { engineError } from '../engine.errors.ts'
import { refusal } from '../media/accepted.ts'
import { headerFacts } from '../media/image.ts'
import { IMAGES } from '../media/image-types.ts'
import { type ChildJob, serveChild } from '../workers/serve-child.ts'
import type { OcrPage, OcrText } from './ocr.ts'
import { prepare, toPgm } from './prepare.ts'
import { type Alphabet, type ReadLine, type Recognise, readImage } from './read-image.ts'

interface ReadTask {
  readonly path?: string
  readonly mime: string
  readonly alphabet: Alphabet
  readonly maxPixels: number
}

type Reading = Omit<OcrText, 'engine'>
type PageReading = Reading & { readonly page: OcrPage }

const methods = {
  async read(task: ReadTask, job: ChildJob): Promise<Reading> {
    const bytes = task.path === undefined ? job.bytes : new Uint8Array(await readFile(task.path))
    if (bytes.length === 0) throw engineError('file.empty')
    const type = await fileTypeFromBuffer(bytes)
    if (!type || !IMAGES.has(type.mime)) throw refusal(type?.mime, { mime: task.mime, name: '' })
    const { mime } = await headerFacts(bytes, task.maxPixels)
    return joined(await readPages(bytes, mime, task.alphabet))
  },
}
export type TesseractChild = typeof methods
serveChild(methods)

const MAX_TIFF_PAGES = 30

/** A fax or a scanner puts several pages into one TIFF. Of a moving picture the first frame is read. */
async function readPages(
  bytes: Uint8Array,
  mime: string,
  alphabet: Alphabet,
): Promise<readonly PageReading[]> {
  const pages = mime === 'image/tiff' ? ((await sharp(bytes).metadata()).pages ?? 1) : 1
  const readings: PageReading[] = []
  for (let page = 0; page < Math.min(pages, MAX_TIFF_PAGES); page++)
    readings.push(await readPage(bytes, page, alphabet))
  return readings
}

async function readPage(bytes: Uint8Array, page: number, alphabet: Alphabet): Promise<PageReading> {
  const { grey, height, width } = await prepare(bytes, page).catch((cause: unknown) => {
    throw engineError('file.unreadable', {}, { cause })
  })
  if (!grey) return { text: '', confidence: 0, words: [], page: { width, height, turned: 0 } }
  const { image, lines } = await readImage(grey, alphabet, recognise)
  const { turned } = image
  const size = turned % 180 === 0 ? { width, height } : { width: height, height: width }
  return { ...toReading(lines, image.scale), page: { ...size, turned } }
}

function toReading(lines: readonly ReadLine[], scale: number): Reading {
  const letters = lettersOf(lines.flatMap(({ words }) => words))
  let block = 0
  const numbered = lines.map((line, index) => {
    if (index === 0 || lines[index - 1]?.block !== line.block) block += 1
    return { words: line.words, line: index + 1, block }
  })
  return {
    text: numbered
      .map(({ block: own, words }, index) => {
        const isNewBlock = index > 0 && numbered[index - 1]?.block !== own
        return (isNewBlock ? '\n' : '') + words.map(({ text }) => text).join(' ')
      })
      .join('\n'),
    confidence: letters.count > 0 ? letters.weighed / letters.count / 100 : 0,
    words: numbered.flatMap(({ words, ...place }) =>
      words.map(({ box, confidence, text }) => ({
        text,
        confidence: confidence / 100,
        box: {
          x0: Math.round(box.x0 / scale),
          y0: Math.round(box.y0 / scale),
          x1: Math.round(box.x1 / scale),
          y1: Math.round(box.y1 / scale),
        },
        ...place,
      })),
    ),
  }
}

const lettersOf = (words: readonly { readonly text: string; readonly confidence: number }[]) => ({
  count: words.reduce((sum, { text }) => sum + text.length, 0),
  weighed: words.reduce((sum, { confidence, text }) => sum + confidence * text.length, 0),
})

function joined(pages: readonly PageReading[]): Reading {
  const written = pages.filter(({ text }) => text !== '')
  const { count, weighed } = lettersOf(written)
  return {
    text: written.map(({ text }) => text).join('\n\n'),
    confidence: count > 0 ? weighed / count : 0,
    words: pages.flatMap(({ words }, index) => words.map((word) => ({ ...word, page: index + 1 }))),
    pages: pages.map(({ page }) => page),
  }
}

const recognise: Recognise = async (image, alphabet, shape) => {
  const reader = await readerFor(alphabet)
  if (reader.shape !== shape) {
    await reader.worker.setParameters({
      tessedit_pageseg_mode: shape === 'line' ? PSM.SINGLE_LINE : PSM.AUTO,
    })
    reader.shape = shape
  }
  const { data } = await reader.worker.recognize(toPgm(image), {}, { blocks: true, text: false })
  return (data.blocks ?? []).flatMap(({ paragraphs }, block) =>
    paragraphs.flatMap(({ lines }) =>
      lines
        .map(
          ({ bbox, words }): ReadLine => ({
            block,
            box: bbox,
            words: words.flatMap(({ bbox: box, confidence, text }) =>
              text.trim() === '' ? [] : [{ text: text.trim(), confidence, box }],
            ),
          }),
        )
        .filter(({ words }) => words.length > 0),
    ),
  )
}

const LANGUAGES: Readonly<Record<Alphabet, string>> = { both: 'ukr+eng', latin: 'eng', cyrillic: 'ukr' }

interface Reader {
  readonly worker: Worker
  shape: Parameters<Recognise>[2] | undefined
}

const readers = new Map<Alphabet, Promise<Reader>>()

/** A reader is made once and kept for the life of the process. */
function readerFor(alphabet: Alphabet): Promise<Reader> {
  const known = readers.get(alphabet)
  if (known !== undefined) return known
  const made = makeWorker(LANGUAGES[alphabet]).then((worker) => ({ worker, shape: undefined }))
  readers.set(alphabet, made)
  return made
}

/** The language files lie in a package each, and tesseract.js wants them in one folder; it waits for ever for one that is not there. */
async function makeWorker(languages: string): Promise<Worker> {
  const folder = await mkdtemp(join(tmpdir(), 'daarion-ocr-'))
  try {
    for (const language of languages.split('+')) {
      const file = `${language}.traineddata.gz`
      const home = dirname(
        createRequire(import.meta.url).resolve(`@tesseract.js-data/${language}/package.json`),
      )
      const source = join(home, '4.0.0_best_int', file)
      await access(source)
      await symlink(source, join(folder, file))
    }
    return await createWorker(languages, OEM.LSTM_ONLY, {
      langPath: folder,
      cacheMethod: 'none',
      errorHandler: () => {},
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
