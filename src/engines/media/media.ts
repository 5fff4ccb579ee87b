import { z } from 'zod'

/** What a file is, found by opening it in a child process. */
export const MediaFacts = z.object({
  kind: z.enum(['audio', 'image', 'document', 'other']),
  width: z.number().int().optional(),
  height: z.number().int().optional(),
  durationMs: z.number().optional(),
  pages: z.number().int().optional(),
})
export type MediaFacts = z.infer<typeof MediaFacts>

export interface MediaLimits {
  readonly maxPixels: number
  readonly maxSeconds: number
  readonly maxPages: number
}

/** Looks into foreign files before anything else trusts them. */
export interface Media {
  /** Rejects, with a stable code and a 4xx kind, what is truncated, encrypted, a bomb, over a limit, or not what it says. */
  inspect(file: { bytes: Uint8Array; mime: string; name: string }, signal?: AbortSignal): Promise<MediaFacts>
  /** A WebP picture no larger than `edge` pixels a side, upright, without metadata. */
  thumbnail(
    image: { bytes: Uint8Array; mime: string },
    edge: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array>
}
