import type { OcrText } from '../ocr.ts'
import type { Box } from '../read-image.ts'
import { laidOut } from './layout.ts'
import { xmlText } from './xml-text.ts'

/** A reading as hOCR 1.2 (http://kba.github.io/hocr-spec/1.2/), well formed as XML. Needs words with places. */
export function toHocr(reading: OcrText): string {
  const pages = laidOut(reading).map(({ blocks, height, number, width }) => {
    const id = (kind: string, ...at: number[]) => `id="${kind}_${[number, ...at].join('_')}"`
    const areas = blocks.map(({ box, lines }, b) => {
      const rows = lines.map(({ box: ofLine, words }, l) => {
        const spans = words.map(
          ({ box: ofWord, confidence, text }, w) =>
            `<span class="ocrx_word" ${id('word', b + 1, l + 1, w + 1)} title="${bbox(ofWord)}; x_wconf ${Math.round(confidence * 100)}">${xmlText(text)}</span>`,
        )
        return `     <span class="ocr_line" ${id('line', b + 1, l + 1)} title="${bbox(ofLine)}">${spans.join(' ')}</span>`
      })
      return [
        `   <div class="ocr_carea" ${id('block', b + 1)} title="${bbox(box)}">`,
        `    <p class="ocr_par" ${id('par', b + 1)} title="${bbox(box)}">`,
        ...rows,
        '    </p>',
        '   </div>',
      ].join('\n')
    })
    const whole = bbox({ x0: 0, y0: 0, x1: width, y1: height })
    return [
      `  <div class="ocr_page" ${id('page')} title="${whole}; ppageno ${number - 1}">`,
      ...areas,
      '  </div>',
    ].join('\n')
  })
  return `${head(xmlText(reading.engine), pages.length)}\n${pages.join('\n')}\n </body>\n</html>\n`
}

const head = (engine: string, pages: number) => `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml">
 <head>
  <title></title>
  <meta charset="utf-8"/>
  <meta name="ocr-system" content="${engine}"/>
  <meta name="ocr-capabilities" content="ocr_page ocr_carea ocr_par ocr_line ocrx_word"/>
  <meta name="ocr-number-of-pages" content="${pages}"/>
 </head>
 <body>`

/** Whole pixels, as hOCR has them. */
const bbox = ({ x0, x1, y0, y1 }: Box): string =>
  `bbox ${[x0, y0, x1, y1].map((side) => Math.max(0, Math.round(side))).join(' ')}`
