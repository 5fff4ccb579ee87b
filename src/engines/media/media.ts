import { z } from 'zod'
import type { ForeignFile } from '../foreign-file.ts'

/** What a file is, found by opening it in a child process. */
export const MediaFacts = z.object({
  /** `other` is never answered: what is not accepted is refused. */
  kind: z.enum(['audio', 'image', 'document', 'other']),
  /** By the bytes, whatever the name says; one of those `accepted.ts` lists. Keep and serve the file as this. */
  mime: z.string(),
  /** Of the upright image. */
  width: z.number().int().optional(),
  height: z.number().int().optional(),
  /** Of an image: a few colours to paint before it is there, see blurha.sh. */
  blurhash: z.string().optional(),
  durationMs: z.number().optional(),
  /** Of a PDF; other documents have none. */
  pages: z.number().int().optional(),
})
export type MediaFacts = z.infer<typeof MediaFacts>

export interface MediaLimits {
  readonly maxPixels: number
  readonly maxSeconds: number
  readonly maxPages: number
}

export const WAVEFORM_BARS = 60

export const MEDIA_LIMITS: MediaLimits = { maxPixels: 100_000_000, maxSeconds: 3600, maxPages: 500 }

/** Looks into foreign files before anything else trusts them. */
export interface Media {
  /**
   * Rejects, with a stable code and a 4xx kind, what is truncated, encrypted, a bomb, over a limit, or nothing that is accepted. A name that lies
   * about an accepted file is no fault: see `mime` of the answer, and `partTypeOf` for what it may be posted as.
   */
  inspect(
    file: ForeignFile & { readonly mime: string; readonly name: string },
    signal?: AbortSignal,
  ): Promise<MediaFacts>
  /** The image upright and without what a camera wrote into it (place, time, device, preview); null where it holds nothing of the kind. In its own format. Rejects as `inspect` does. */
  clean(image: ForeignFile & { readonly mime: string }, signal?: AbortSignal): Promise<Uint8Array | null>
  /** The loudest of each of `WAVEFORM_BARS` equal stretches of a recording, in whole hundredths of the loudest of all. Rejects as `inspect` does. */
  waveform(audio: ForeignFile & { readonly mime: string }, signal?: AbortSignal): Promise<readonly number[]>
  /** An image, or the first page of a PDF, as a WebP picture no larger than `edge` pixels a side, upright, without metadata; never enlarged. Rejects as `inspect` does. */
  thumbnail(
    picture: ForeignFile & { readonly mime: string },
    edge: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array>
  /** The pages of an image (a fax has several, anything else one) as JPEG on white, at most 3,200 pixels a side, upright and then turned clockwise by as much as `turns` says of each; one for each turn. Rejects as `inspect` does. */
  pages(
    image: ForeignFile & { readonly mime: string },
    turns: readonly (0 | 90 | 180 | 270)[],
    signal?: AbortSignal,
  ): Promise<readonly PagePicture[]>
}

/** `grey` has one channel of colour, otherwise it has three. */
export interface PagePicture {
  readonly jpeg: Uint8Array
  readonly width: number
  readonly height: number
  readonly grey: boolean
}
