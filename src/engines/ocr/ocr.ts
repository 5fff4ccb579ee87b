import { z } from 'zod'

/** What is written in an image. Boxes are pixels of the upright image; confidence is 0…1. */
export const OcrText = z.object({
  text: z.string(),
  confidence: z.number(),
  engine: z.string(),
  words: z.array(
    z.object({
      text: z.string(),
      confidence: z.number(),
      box: z.object({ x0: z.number(), y0: z.number(), x1: z.number(), y1: z.number() }),
    }),
  ),
})
export type OcrText = z.infer<typeof OcrText>

export interface Ocr {
  readonly name: string
  missing(): Promise<Error | null>
  read(
    image: { bytes: Uint8Array; mime: string },
    options?: { readonly languages?: readonly ('uk' | 'en')[]; readonly signal?: AbortSignal },
  ): Promise<OcrText>
}
