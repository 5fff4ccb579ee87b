import { z } from 'zod'
import type { ForeignFile } from '../foreign-file.ts'
import type { OnUsed } from '../usage.ts'

/** What is written in an image. Boxes are pixels of the upright image; confidence is 0…1. */
export const OcrText = z.object({
  /** In reading order, a line a line, blocks parted by a blank one. Empty where nothing is written: words are never guessed into a picture. */
  text: z.string(),
  confidence: z.number(),
  engine: z.string(),
  /** In the order of the text. `box` counts from the upper left corner of the image as it was read: turned by its EXIF, and turned again where it lay on its side. */
  words: z.array(
    z.object({
      text: z.string(),
      confidence: z.number(),
      box: z.object({ x0: z.number(), y0: z.number(), x1: z.number(), y1: z.number() }),
      /** Which line of its page, and which block of lines, from 1 in the order of the text. */
      line: z.number().int().optional(),
      block: z.number().int().optional(),
      /** Which of `pages`, from 1; the first where nothing is said. */
      page: z.number().int().optional(),
    }),
  ),
  /** What the boxes stand on, in pixels of the image: turned clockwise by `turned` degrees after its EXIF. A fax has several. */
  pages: z
    .array(
      z.object({
        width: z.number().int(),
        height: z.number().int(),
        turned: z.union([z.literal(0), z.literal(90), z.literal(180), z.literal(270)]),
      }),
    )
    .optional(),
})
export type OcrText = z.infer<typeof OcrText>

export type OcrPage = NonNullable<OcrText['pages']>[number]

export type OcrLanguage = 'uk' | 'en'
const LANGUAGES: readonly OcrLanguage[] = ['uk', 'en']

/** Whether an engine knows the letters of all that may be written; where nobody says what may be, that is every language here. */
export const readsAll = (
  engine: Pick<Ocr, 'languages'>,
  languages: readonly OcrLanguage[] | undefined,
): boolean => {
  const expected = languages && languages.length > 0 ? languages : LANGUAGES
  return expected.every((language) => (engine.languages ?? LANGUAGES).includes(language))
}

export interface Ocr {
  readonly name: string
  /** Who is paid where it is asked; nobody where nothing is said. */
  readonly paid?: readonly string[]
  /** False where it tells the text alone: its `words` are empty. */
  readonly places?: boolean
  /** Whose letters it knows; those of every language here where nothing is said. */
  readonly languages?: readonly OcrLanguage[]
  /** Null where it can work, otherwise why not, as the error it would fail with. */
  missing(): Promise<Error | null>
  read(
    image: ForeignFile & { readonly mime: string },
    options?: {
      readonly languages?: readonly OcrLanguage[] | undefined
      readonly signal?: AbortSignal | undefined
      readonly onUsed?: OnUsed | undefined
    },
  ): Promise<OcrText>
}
