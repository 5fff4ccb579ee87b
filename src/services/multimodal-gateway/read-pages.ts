import { type Cooldown, firstAble } from '../../engines/fallback.ts'
import type { Ocr } from '../../engines/ocr/ocr.ts'
import type { ParsedPage, Parser } from '../../engines/parser/parser.ts'
import { failedPage, recognisePage } from '../../engines/recognise-page.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Lane } from './lane.ts'
import type { ParseResult } from './multimodal-gateway.contract.ts'

type Page = ParseResult['pages'][number]

interface PageNeeds {
  readonly parser: Parser
  readonly ocr: readonly Ocr[]
  readonly cooldown: Cooldown
  readonly lane: Lane
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
    async onPage(page, total) {
      pages.set(page.number, await settle(needs, page, signal))
      onProgress(pages.size / Math.max(1, total))
    },
  })
  const ledger = Array.from(
    { length: parsed.total },
    (_, i): Page => pages.get(i + 1) ?? failedPage(i + 1, undefined),
  )
  return { title: parsed.title || source.name, mime: source.mime, engine: parsed.engine, pages: ledger }
}

async function settle(needs: PageNeeds, page: ParsedPage, signal: AbortSignal): Promise<Page> {
  const { ocr, cooldown, lane } = needs
  try {
    return await recognisePage(page, (image) => {
      const read = () => firstAble(ocr, (engine) => engine.read(image, { signal }), { cooldown })
      return lane.run(read, { signal, patient: true })
    })
  } catch (cause) {
    signal.throwIfAborted()
    return failedPage(page.number, AppError.from(cause).code)
  }
}
