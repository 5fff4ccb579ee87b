import { access, mkdtemp, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createWorker, OEM, PSM, type Worker } from 'tesseract.js'
import { type ChildJob, serveChild } from '../workers/serve-child.ts'
import { toPgm } from './prepare.ts'
import { type Alphabet, type ReadLine, type Recognise, readImage } from './read-image.ts'
import { type ReadTask, readPages } from './read-pages.ts'
import type { Reading } from './reading.ts'

const methods = {
  read: (task: ReadTask & { readonly alphabet: Alphabet }, job: ChildJob): Promise<Reading> =>
    readPages(task, job.bytes, (grey) => readImage(grey, task.alphabet, recognise)),
}
export type TesseractChild = typeof methods
serveChild(methods)

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
