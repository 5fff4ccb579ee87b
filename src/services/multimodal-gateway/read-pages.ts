import type { ParsedPage, Parser } from '../../engines/parser/parser.ts'
import { failedPage, recognisePage } from '../../engines/recognise-page.ts'
import { AppError } from '../../kernel/errors.ts'
import { ableReaders } from './able-readers.ts'
import { byFirst } from './by-first.ts'
import type { ParseResult } from './doors.contract.ts'
import type { Bench } from './engine-set.ts'
import { OF_A_PICTURE, type Till } from './till.ts'

type Page = ParseResult['pages'][number]

interface PageNeeds {
  readonly parser: Parser
  readonly ocr: Bench<'ocr'>
  readonly password?: string | undefined
  readonly till: Till
}

/** A document as pages that add up: scans are recognised, and a page that could not be read says why. */
export async function readPages(
  needs: PageNeeds,
  source: { bytes: Uint8Array; key: string; mime: string; name: string },
  signal: AbortSignal,
  onProgress: (share: number) => void,
): Promise<ParseResult> {
  const pages = new Map<number, Page>()
  const parsed = await needs.parser.parse(source, {
    signal,
    password: needs.password,
    async onPage(page, total) {
      pages.set(page.number, await settle(needs, page, signal))
      onProgress(pages.size / Math.max(1, total))
    },
  })
  const ledger = Array.from(
    { length: parsed.total },
    (_, i): Page => pages.get(i + 1) ?? failedPage(i + 1, undefined),
  )
  const { engine, outline } = parsed
  const title = parsed.title || source.name
  return { title, mime: source.mime, engine, pages: ledger, ...(outline && { outline: [...outline] }) }
}

async function settle({ ocr, till }: PageNeeds, page: ParsedPage, signal: AbortSignal): Promise<Page> {
  try {
    const settled = await recognisePage(page, (image) => {
      const read = async () => {
        const how = { till, expected: OF_A_PICTURE }
        const able = ableReaders(ocr)
        return (await byFirst(able, how, (engine, onUsed) => engine.read(image, { signal, onUsed }))).result
      }
      return ocr.lane.run(read, { signal, patient: true })
    })
    return settled.state === 'failed' ? settled : { ...structure(page, settled.state), ...settled }
  } catch (cause) {
    signal.throwIfAborted()
    return failedPage(page.number, AppError.from(cause).code)
  }
}

/** What recognised letters stand for was not laid out by the author. */
function structure({ headings, markdown, place, tables }: ParsedPage, state: Page['state']) {
  if (state === 'ocr') return { ...(place && { place }) }
  return {
    ...(place && { place }),
    ...(markdown && { markdown }),
    ...(tables && { tables }),
    ...(headings && { headings }),
  }
}
