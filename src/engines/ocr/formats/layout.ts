import type { OcrPage, OcrText } from '../ocr.ts'
import type { Box } from '../read-image.ts'

type Word = OcrText['words'][number]

export interface LaidLine {
  readonly box: Box
  readonly words: readonly [Word, ...Word[]]
}

interface LaidBlock {
  readonly box: Box
  readonly lines: readonly [LaidLine, ...LaidLine[]]
}

export interface LaidPage extends OcrPage {
  /** From 1. */
  readonly number: number
  readonly blocks: readonly LaidBlock[]
}

/** Words in the tree that formats want: page, block, line. Where an engine numbers no lines, those of its text. A page nobody measured is as large as its words reach. */
export function laidOut(reading: OcrText): readonly LaidPage[] {
  const words = reading.words.every(({ block, line }) => block && line)
    ? reading.words
    : numberedByText(reading)
  const last = Math.max(reading.pages?.length ?? 1, ...words.map(({ page = 1 }) => page))
  return Array.from({ length: last }, (_, index) => {
    const own = words.filter(({ page = 1 }) => page === index + 1)
    const reach = around(own.map(({ box }) => box))
    const size = reading.pages?.[index] ?? {
      width: Math.max(1, Math.ceil(reach.x1)),
      height: Math.max(1, Math.ceil(reach.y1)),
      turned: 0,
    }
    return { ...size, number: index + 1, blocks: blocksOf(own) }
  })
}

function blocksOf(words: readonly Word[]): readonly LaidBlock[] {
  return runsOf(words, ({ block }) => block).map((ofBlock) => {
    const [first, ...others] = runsOf(ofBlock, ({ line }) => line).map(
      (ofLine): LaidLine => ({ box: around(ofLine.map(({ box }) => box)), words: ofLine }),
    )
    // A run has a word, so a block has a line.
    const lines = [first, ...others] as [LaidLine, ...LaidLine[]]
    return { box: around(lines.map(({ box }) => box)), lines }
  })
}

/** Neighbours that share a number. */
function runsOf(words: readonly Word[], numberOf: (word: Word) => number | undefined): [Word, ...Word[]][] {
  const runs: [Word, ...Word[]][] = []
  for (const word of words) {
    const last = runs.at(-1)
    if (last && numberOf(last[0]) === numberOf(word)) last.push(word)
    else runs.push([word])
  }
  return runs
}

/** A word of the list for each of the text, which holds them in the same order. */
function numberedByText({ text, words }: OcrText): readonly Word[] {
  const places = text
    .split(/\n{2,}/)
    .flatMap((block, at) =>
      block.split('\n').map((line) => ({ block: at + 1, count: line.match(/\S+/g)?.length ?? 0 })),
    )
  const numbered: Word[] = []
  let from = 0
  for (const [at, { block, count }] of places.entries()) {
    for (const word of words.slice(from, from + count)) numbered.push({ ...word, block, line: at + 1 })
    from += count
  }
  const rest = { block: (places.at(-1)?.block ?? 0) + 1, line: places.length + 1 }
  return [...numbered, ...words.slice(from).map((word) => ({ ...word, ...rest }))]
}

function around(boxes: readonly Box[]): Box {
  if (boxes.length === 0) return { x0: 0, y0: 0, x1: 0, y1: 0 }
  return {
    x0: Math.min(...boxes.map(({ x0 }) => x0)),
    y0: Math.min(...boxes.map(({ y0 }) => y0)),
    x1: Math.max(...boxes.map(({ x1 }) => x1)),
    y1: Math.max(...boxes.map(({ y1 }) => y1)),
  }
}
