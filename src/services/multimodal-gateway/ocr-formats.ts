import type { Media } from '../../engines/media/media.ts'
import { toAlto } from '../../engines/ocr/formats/alto.ts'
import { toHocr } from '../../engines/ocr/formats/hocr.ts'
import { toSearchablePdf } from '../../engines/ocr/formats/searchable-pdf.ts'
import { toTsv } from '../../engines/ocr/formats/tsv.ts'
import type { OcrText } from '../../engines/ocr/ocr.ts'
import type { OCR_FORMATS } from './doors.contract.ts'
import type { OcrMade, Opened } from './kinds.ts'

type OcrFormat = (typeof OCR_FORMATS)[number]

/** What a format needs of the reading; nothing where any will do. */
export const needsOf = (format: OcrFormat): 'places' | 'pdf' | undefined =>
  format === 'pdf' ? 'pdf' : format === 'json' || format === 'text' ? undefined : 'places'

/** The reading with its picture as a searchable PDF. Rejects as `Media.pages` does. */
export async function withPdf(
  reading: OcrText,
  file: Opened,
  media: Media,
  signal: AbortSignal,
): Promise<OcrMade> {
  const turns = reading.pages?.map(({ turned }) => turned) ?? [0]
  const pdf = toSearchablePdf(reading, await media.pages(file, turns, signal))
  return { ...reading, pdf: Buffer.from(pdf).toString('base64') }
}

/** A reading in the format that was asked for. */
export function renderedOcr(
  { pdf, ...reading }: OcrMade,
  format: OcrFormat,
): { readonly mime: string; readonly body: string | Buffer } {
  switch (format) {
    case 'json':
      return { mime: 'application/json; charset=utf-8', body: JSON.stringify(reading) }
    case 'text':
      return { mime: 'text/plain; charset=utf-8', body: reading.text }
    case 'hocr':
      // By its own type a browser would open it as a page of this site.
      return { mime: 'text/vnd.hocr+html; charset=utf-8', body: toHocr(reading) }
    case 'tsv':
      return { mime: 'text/tab-separated-values; charset=utf-8', body: toTsv(reading) }
    case 'alto':
      return { mime: 'application/xml; charset=utf-8', body: toAlto(reading) }
    case 'pdf':
      return { mime: 'application/pdf', body: Buffer.from(pdf ?? '', 'base64') }
  }
}
