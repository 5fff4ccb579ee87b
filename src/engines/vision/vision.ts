import type { ForeignFile } from '../foreign-file.ts'
import type { OnUsed } from '../usage.ts'

/** What is in a picture. Local drivers put nothing into words: then `text` is null, never made up. */
export interface Sight {
  readonly text: string | null
  readonly objects: readonly {
    readonly label: { readonly uk: string; readonly en: string }
    readonly confidence: number
    /** Pixels of the upright image. */
    readonly box: { readonly x0: number; readonly y0: number; readonly x1: number; readonly y1: number }
  }[]
  readonly tags: readonly { readonly label: string; readonly confidence: number }[]
  /** Barcodes and QR codes. */
  readonly codes: readonly { readonly format: string; readonly text: string }[]
  readonly colours: readonly { readonly hex: string; readonly share: number }[]
  /** 0…1; a hint for a moderator alone. */
  readonly safety?: { readonly score: number }
  /** What the camera wrote into the file, only where it was asked for. The time is local where it has no offset; degrees are WGS 84. */
  readonly camera?:
    | {
        readonly takenAt?: string
        readonly place?: { readonly latitude: number; readonly longitude: number }
      }
    | undefined
  /** `driver/model`. */
  readonly engine: string
}

export interface Vision {
  readonly name: string
  /** Who is paid where it is asked; nobody where nothing is said. */
  readonly paid?: readonly string[]
  /** Null where it can work, otherwise why not, as the error it would fail with. */
  missing(): Promise<Error | null>
  describe(
    image: ForeignFile & { readonly mime: string },
    options?: {
      readonly question?: string | undefined
      readonly language?: 'uk' | 'en' | undefined
      /** Whether place and time may be read from the file: only with the consent of whoever took the photo. */
      readonly camera?: boolean | undefined
      readonly signal?: AbortSignal | undefined
      readonly onUsed?: OnUsed | undefined
    },
  ): Promise<Sight>
}
