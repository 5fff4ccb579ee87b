import { access } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Clock } from '../../kernel/clock.ts'
import { engineError } from '../engine.errors.ts'
import { forChild } from '../foreign-file.ts'
import { childModule } from '../workers/child-process.ts'
import { createPool, type PoolState } from '../workers/pool.ts'
import type { Ocr } from './ocr.ts'
import type { TesseractChild } from './tesseract.child.ts'

export interface TesseractNeeds {
  readonly clock: Clock
  readonly maxPixels?: number
  /** Images at a time; one unless told. Each child keeps about 300 MB. */
  readonly children?: number
  readonly memoryLimitBytes?: number
}

/** The caller closes it. */
export interface TesseractOcr extends Ocr {
  state(): PoolState
  close(): Promise<void>
}

const MB = 1 << 20
const READ_DEADLINE_MS = 120_000

/** Tesseract (LSTM, English and Ukrainian) in limited child processes that keep its models between jobs. Never reaches for the network. */
export function createTesseractOcr(needs: TesseractNeeds): TesseractOcr {
  const { clock, maxPixels = 100_000_000 } = needs
  const pool = createPool<TesseractChild>({
    name: 'ocr',
    entry: childModule(import.meta.url, './tesseract.child'),
    size: needs.children ?? 1,
    memoryLimitBytes: needs.memoryLimitBytes ?? 1536 * MB,
    threads: 1,
    maxQueue: 32,
    clock,
  })
  return {
    name: 'tesseract',
    missing,
    state: pool.state,
    close: pool.close,
    read: async (image, { languages, signal } = {}) => {
      if ('bytes' in image && image.bytes.length === 0) throw engineError('file.empty')
      const reason = await missing()
      if (reason) throw reason
      const { options, payload } = forChild(image)
      const task = { ...payload, mime: image.mime, alphabet: alphabetOf(languages), maxPixels }
      const reading = await pool.run('read', task, { ...options, deadlineMs: READ_DEADLINE_MS, signal })
      return { ...reading, engine: 'tesseract/eng+ukr' }
    },
  }
}

function alphabetOf(languages: readonly ('uk' | 'en')[] | undefined): 'both' | 'latin' | 'cyrillic' {
  if (!languages || languages.length === 0 || new Set(languages).size > 1) return 'both'
  return languages[0] === 'uk' ? 'cyrillic' : 'latin'
}

async function missing(): Promise<Error | null> {
  for (const language of ['eng', 'ukr'])
    try {
      const home = dirname(
        createRequire(import.meta.url).resolve(`@tesseract.js-data/${language}/package.json`),
      )
      await access(join(home, '4.0.0_best_int', `${language}.traineddata.gz`))
    } catch {
      const model = `@tesseract.js-data/${language}`
      return engineError('engine.model_missing', { model, size: '3 MB', command: 'npm ci' })
    }
  return null
}
