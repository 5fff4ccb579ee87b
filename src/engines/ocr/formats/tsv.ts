import type { OcrText } from '../ocr.ts'
import type { Box } from '../read-image.ts'
import { laidOut } from './layout.ts'

const COLUMNS = [
  'level',
  'page_num',
  'block_num',
  'par_num',
  'line_num',
  'word_num',
  'left',
  'top',
  'width',
  'height',
  'conf',
  'text',
]

/** A reading in the columns of tesseract's TSV: a row for each page (level 1), block, paragraph, line and word (5); a block is one paragraph. Only words have a confidence, 0…100. */
export function toTsv(reading: OcrText): string {
  const rows = laidOut(reading).flatMap(({ blocks, height, number, width }) => [
    row(1, [number, 0, 0, 0, 0], { x0: 0, y0: 0, x1: width, y1: height }),
    ...blocks.flatMap(({ box, lines }, b) => [
      row(2, [number, b + 1, 0, 0, 0], box),
      row(3, [number, b + 1, 1, 0, 0], box),
      ...lines.flatMap(({ box: ofLine, words }, l) => [
        row(4, [number, b + 1, 1, l + 1, 0], ofLine),
        ...words.map(({ box: ofWord, confidence, text }, w) =>
          row(5, [number, b + 1, 1, l + 1, w + 1], ofWord, (confidence * 100).toFixed(6), plain(text)),
        ),
      ]),
    ]),
  ])
  return [COLUMNS.join('\t'), ...rows, ''].join('\n')
}

function row(level: number, place: readonly number[], box: Box, confidence = '-1', text = ''): string {
  const [left, top, right, bottom] = [box.x0, box.y0, box.x1, box.y1].map(Math.round)
  const size = [left, top, (right ?? 0) - (left ?? 0), (bottom ?? 0) - (top ?? 0)]
  return [level, ...place, ...size, confidence, text].join('\t')
}

/** The format has no way to quote what parts columns and rows. */
const plain = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim()
