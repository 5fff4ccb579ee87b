import { evenLight } from './even-light.ts'
import { cut, type GreyImage, growth, resized, turned } from './prepare.ts'
import { inScript, isNumero, scriptOf, scriptOfLine } from './script.ts'
import { boxAsItLay, straightened, tiltOf } from './straighten.ts'

export interface Box {
  readonly x0: number
  readonly y0: number
  readonly x1: number
  readonly y1: number
}

export interface ReadWord {
  readonly text: string
  /** 0…100 */
  readonly confidence: number
  readonly box: Box
}

/** Lines of a block stand together. */
export interface ReadLine {
  readonly block: number
  readonly words: readonly ReadWord[]
  readonly box: Box
}

/** Which alphabets to expect. `both` is nearly as good as the right one, but lends letters of one to words of the other. */
export type Alphabet = 'both' | 'latin' | 'cyrillic'

export type Recognise = (
  image: GreyImage,
  alphabet: Alphabet,
  shape: 'page' | 'line',
) => Promise<readonly ReadLine[]>

/**
 * Reads an image once where that goes well: lit evenly and laid straight first, where it is not. Where it goes badly it is tried as it came, larger,
 * then turned; words in the alphabet that the rest of their line is not in are read again with the line's alone. What is no writing is left out.
 * Boxes stand in the image that is handed back, as it lay before it was straightened.
 */
export async function readImage(
  image: GreyImage,
  alphabet: Alphabet,
  recognise: Recognise,
): Promise<{ lines: readonly ReadLine[]; image: GreyImage }> {
  const lit = await evenLight(image)
  const tilt = await tiltOf(lit ?? image)
  const base = tilt === 0 ? (lit ?? image) : await straightened(lit ?? image, tilt)
  const first = await readBase(base, alphabet, recognise)
  const isMended = base !== image
  const plain = isMended && first.quality < GOOD ? await readBase(image, alphabet, recognise) : first
  const found = better(plain, first)
  const lines = found.lines.filter(isWriting)
  const mended = alphabet === 'both' ? await mendScripts(found.image, lines, recognise) : lines
  const written = hasWriting(mended) ? mended : []
  if (tilt === 0 || found !== first) return { lines: written, image: found.image }
  const asItLay = (box: Box): Box => boxAsItLay(box, found.image, image, tilt)
  const laid = written.map((line) => ({
    ...line,
    box: asItLay(line.box),
    words: line.words.map((word) => ({ ...word, box: asItLay(word.box) })),
  }))
  return { lines: laid, image: found.image }
}

async function readBase(image: GreyImage, alphabet: Alphabet, recognise: Recognise): Promise<Attempt> {
  let best = await attempt(image, alphabet, recognise)
  if (isSmall(best) && growth(image) > 1.3) {
    const factor = Math.min(growth(image), best.quality < POOR ? 3 : 2)
    best = better(best, await attempt(await resized(image, factor), alphabet, recognise))
  }
  if (best.quality < POOR && best.lines.length > 0)
    best = better(best, await turn(image, alphabet, recognise, best))
  return await unturn(best)
}

interface Attempt {
  readonly image: GreyImage
  readonly lines: readonly ReadLine[]
  /** The share of letters in words that are surely read, 0…1. */
  readonly quality: number
  /** How many letters those are. */
  readonly sure: number
}

const POOR = 0.5
const GOOD = 0.8

async function attempt(image: GreyImage, alphabet: Alphabet, recognise: Recognise): Promise<Attempt> {
  const lines = await recognise(image, alphabet, 'page')
  const words = lines.flatMap((line) => line.words)
  const sure = lettersIn(words.filter(isSure))
  return { image, lines, quality: sure / Math.max(1, lettersIn(words)), sure }
}

const better = (a: Attempt, b: Attempt): Attempt => (b.quality * b.sure > a.quality * a.sure * 1.1 ? b : a)

const SURE = 70

const isSure = ({ confidence, text }: ReadWord): boolean =>
  confidence >= SURE && (text.match(/[\p{L}\p{N}]/gu)?.length ?? 0) >= 3

const lettersIn = (words: readonly ReadWord[]): number =>
  words.reduce((sum, { text }) => sum + (text.match(/\S/g)?.length ?? 0), 0)

const TRIAL_EDGE = 1_600

/** A page on its side reads as a few doubtful signs; upside down too. The trial is made on a smaller picture. */
async function turn(
  image: GreyImage,
  alphabet: Alphabet,
  recognise: Recognise,
  upright: Attempt,
): Promise<Attempt> {
  const factor = Math.min(1, TRIAL_EDGE / Math.max(image.width, image.height))
  let best = upright
  for (const degrees of [90, 270, 180] as const) {
    const whole = await turned(image, degrees)
    const trial = await attempt(factor < 1 ? await resized(whole, factor) : whole, alphabet, recognise)
    if (better(best, trial) !== trial) continue
    best = factor < 1 ? await attempt(whole, alphabet, recognise) : trial
    if (best.quality >= GOOD) break
  }
  return best
}

/** The recogniser reads lines that run up or down by itself, where they stand: then the image is turned to them. */
async function unturn(found: Attempt): Promise<Attempt> {
  const long = found.lines.filter(({ words }) => words.length > 1)
  const isUpright = ({ box }: ReadLine): boolean => box.x1 - box.x0 >= box.y1 - box.y0
  if (long.length === 0 || long.filter(isUpright).length * 2 > long.length) return found
  const down =
    long.filter(({ words }) => (words[0]?.box.y0 ?? 0) < (words.at(-1)?.box.y0 ?? 0)).length * 2 > long.length
  const { height, width } = found.image
  const turnBox = ({ x0, x1, y0, y1 }: Box): Box =>
    down
      ? { x0: y0, x1: y1, y0: width - x1, y1: width - x0 }
      : { x0: height - y1, x1: height - y0, y0: x0, y1: x1 }
  const lines = found.lines.map((line) => ({
    ...line,
    box: turnBox(line.box),
    words: line.words.map((word) => ({ ...word, box: turnBox(word.box) })),
  }))
  return { ...found, lines, image: await turned(found.image, down ? 270 : 90) }
}

const SMALL_LETTERS = 17

function isSmall({ lines, quality }: Attempt): boolean {
  const heights = lines.flatMap(({ words }) => words.map(({ box }) => box.y1 - box.y0)).sort((a, b) => a - b)
  return quality < GOOD && (heights[Math.floor(heights.length / 2)] ?? 0) < SMALL_LETTERS
}

/** A line of noise has nothing sure in it. */
function isWriting({ words }: ReadLine): boolean {
  const mean = words.reduce((sum, { confidence }) => sum + confidence, 0) / Math.max(1, words.length)
  return words.some(isSure) || (mean > 85 && /[\p{L}\p{N}]{2}/u.test(words.map(({ text }) => text).join(' ')))
}

/** In the texture of a photo a word or two may look right by chance. */
function hasWriting(lines: readonly ReadLine[]): boolean {
  const words = lines.flatMap((line) => line.words)
  return lettersIn(words.filter(isSure)) >= Math.max(3, lettersIn(words) * 0.35)
}

const MAX_LINES_AGAIN = 60

async function mendScripts(
  image: GreyImage,
  lines: readonly ReadLine[],
  recognise: Recognise,
): Promise<readonly ReadLine[]> {
  const texts = lines.flatMap(({ words }) => words.map(({ text }) => text))
  const page = scriptOfLine(texts)
  const isMixed = shareOf(texts, page) < PURE
  const mended: ReadLine[] = []
  let again = 0
  for (const line of lines) {
    const own = lineScript(line, page)
    const words = line.words.map((word, at) => {
      if (own === 'cyrillic' && isNumero(word.text, line.words[at + 1]?.text)) return { ...word, text: '№' }
      return { ...word, text: inScript(word.text, own) ?? word.text }
    })
    const isOdd = isMixed || words.some(({ text }) => isForeign(text, own))
    if (!isOdd || ++again > MAX_LINES_AGAIN) mended.push({ ...line, words })
    else {
      const favour = isMixed ? null : { script: own, by: MARGINS[own] }
      mended.push({ ...line, words: await readAgain(image, { ...line, words }, favour, recognise) })
    }
  }
  return mended
}

/** The share of letters that are of an alphabet, 0…1. */
function shareOf(words: readonly string[], script: 'latin' | 'cyrillic'): number {
  const count = (name: 'latin' | 'cyrillic') =>
    words.join('').match(name === 'latin' ? /\p{Script=Latin}/gu : /\p{Script=Cyrillic}/gu)?.length ?? 0
  return count(script) / Math.max(1, count('latin') + count('cyrillic'))
}

/** A page with less of its own alphabet is written in two. */
const PURE = 0.9

/** Of a line with as much of one as of the other, the page's. */
function lineScript({ words }: ReadLine, page: 'latin' | 'cyrillic'): 'latin' | 'cyrillic' {
  const letters = words.filter(({ text }) => scriptOf(text) !== 'none')
  const ofPage = letters.filter(({ text }) => scriptOf(text) === page).length
  return ofPage * 2 >= letters.length ? page : scriptOfLine(words.map(({ text }) => text))
}

function isForeign(text: string, script: 'latin' | 'cyrillic'): boolean {
  const own = scriptOf(text)
  return own !== 'none' && own !== script
}

/** How much surer a word must be of an alphabet that is not its line's: Latin names in a Ukrainian line are common, the reverse is rare. */
const MARGINS = { cyrillic: 22, latin: 60 } as const
/** The same on a page in both. Letters that look alike are read in the wrong alphabet with 87…95, in the right one with 92…96. */
const SLIGHT = 3.5

interface Favour {
  readonly script: 'latin' | 'cyrillic'
  readonly by: number
}

/** A line is read with each alphabet alone, and every word is taken from the reading that is surest of it, with a favour for the line's own: where none is told, the one that most of its letters are surest in. */
async function readAgain(
  image: GreyImage,
  line: ReadLine,
  told: Favour | null,
  recognise: Recognise,
): Promise<readonly ReadWord[]> {
  const margin = Math.round((line.box.y1 - line.box.y0) * 0.3)
  const strip = cut(image, line.box, margin)
  const left = Math.max(0, Math.floor(line.box.x0 - margin))
  const top = Math.max(0, Math.floor(line.box.y0 - margin))
  const found: ReadWord[] = []
  for (const alphabet of ['latin', 'cyrillic'] as const)
    for (const { words } of await recognise(strip, alphabet, 'line'))
      for (const word of words) {
        const { x0, x1, y0, y1 } = word.box
        if (scriptOf(word.text) !== alphabet) continue
        found.push({ ...word, box: { x0: x0 + left, x1: x1 + left, y0: y0 + top, y1: y1 + top } })
      }
  const surest = (favour: Favour | null): readonly ReadWord[] => {
    const score = ({ confidence, text }: ReadWord): number => {
      const script = scriptOf(text)
      return confidence + (script === favour?.script ? favour.by : script === 'mixed' ? -100 : 0)
    }
    return line.words.map((word) => {
      if (scriptOf(word.text) === 'none') return word
      const others = found.filter(({ box }) => overlap(box.x0, box.x1, word.box.x0, word.box.x1) > 0.6)
      return others.reduce((best, other) => (score(other) > score(best) ? other : best), word)
    })
  }
  const script = scriptOfLine(surest(null).map(({ text }) => text))
  return surest(told ?? { script, by: SLIGHT })
}

function overlap(a0: number, a1: number, b0: number, b1: number): number {
  const shared = Math.min(a1, b1) - Math.max(a0, b0)
  return shared / Math.max(1, Math.max(a1, b1) - Math.min(a0, b0))
}
