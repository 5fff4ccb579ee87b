import type { OcrPage, OcrText } from './ocr.ts'
import type { ReadLine } from './read-image.ts'

export type Reading = Omit<OcrText, 'engine'>
export type PageReading = Reading & { readonly page: OcrPage }

/** Lines of one page, in their order, as a reading: numbered, with boxes in pixels of the original, of which those of the lines are `scale`. */
export function toReading(lines: readonly ReadLine[], scale: number): Reading {
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

/** The pages of one file as one reading. */
export function joinedPages(pages: readonly PageReading[]): Reading {
  const written = pages.filter(({ text }) => text !== '')
  const { count, weighed } = lettersOf(written)
  return {
    text: written.map(({ text }) => text).join('\n\n'),
    confidence: count > 0 ? weighed / count : 0,
    words: pages.flatMap(({ words }, index) => words.map((word) => ({ ...word, page: index + 1 }))),
    pages: pages.map(({ page }) => page),
  }
}

const lettersOf = (words: readonly { readonly text: string; readonly confidence: number }[]) => ({
  count: words.reduce((sum, { text }) => sum + text.length, 0),
  weighed: words.reduce((sum, { confidence, text }) => sum + confidence * text.length, 0),
})
