import type { AppError } from '../../kernel/errors.ts'
import { engineError } from '../engine.errors.ts'
import type { MediaFacts } from './media.ts'

const IMAGES = ['image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/tiff', 'image/avif']
const AUDIO = ['audio/ogg', 'audio/webm', 'audio/mpeg', 'audio/mp4', 'audio/wav', 'audio/flac']
export const DOCX = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
export const PPTX = 'application/vnd.openxmlformats-officedocument.presentationml.presentation'
export const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
export const ODT = 'application/vnd.oasis.opendocument.text'
export const ODS = 'application/vnd.oasis.opendocument.spreadsheet'
export const ODP = 'application/vnd.oasis.opendocument.presentation'
export const EPUB = 'application/epub+zip'
export const RTF = 'application/rtf'
export const EML = 'message/rfc822'
export const MBOX = 'application/mbox'
export const ZIP = 'application/zip'
/** Films: played as such, and heard like any recording. */
const FILMS = ['video/webm', 'video/mp4']
const DOCUMENTS = [
  'application/pdf',
  DOCX,
  PPTX,
  XLSX,
  ODT,
  ODS,
  ODP,
  EPUB,
  RTF,
  EML,
  MBOX,
  ZIP,
  'text/plain',
  'text/markdown',
  'text/csv',
  'text/html',
]

const KINDS: ReadonlyMap<string, MediaFacts['kind']> = new Map([
  ...IMAGES.map((mime) => [mime, 'image'] as const),
  ...AUDIO.map((mime) => [mime, 'audio'] as const),
  ...FILMS.map((mime) => [mime, 'audio'] as const),
  ...DOCUMENTS.map((mime) => [mime, 'document'] as const),
])

/** What is done with files of this type; `other` is not accepted. Types are those that `Media.inspect` finds, without parameters. */
export const kindOf = (mime: string): MediaFacts['kind'] => KINDS.get(mime) ?? 'other'

/** As which part of a message a file of this type may be posted; null where it is not accepted at all. */
export function partTypeOf(mime: string): 'audio' | 'image' | 'file' | null {
  const kind = kindOf(mime)
  return kind === 'document' ? 'file' : kind === 'other' ? null : kind
}

const BY_EXTENSION: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  tif: 'image/tiff',
  tiff: 'image/tiff',
  avif: 'image/avif',
  ogg: 'audio/ogg',
  oga: 'audio/ogg',
  opus: 'audio/ogg',
  webm: 'audio/webm',
  mp3: 'audio/mpeg',
  m4a: 'audio/mp4',
  mp4: 'audio/mp4',
  wav: 'audio/wav',
  flac: 'audio/flac',
  pdf: 'application/pdf',
  docx: DOCX,
  pptx: PPTX,
  ppsx: PPTX,
  xlsx: XLSX,
  odt: ODT,
  ods: ODS,
  odp: ODP,
  epub: EPUB,
  rtf: RTF,
  eml: EML,
  mbox: MBOX,
  zip: ZIP,
  csv: 'text/csv',
  tsv: 'text/csv',
  htm: 'text/html',
  html: 'text/html',
  xhtml: 'text/html',
  log: 'text/plain',
  txt: 'text/plain',
  text: 'text/plain',
  md: 'text/markdown',
  markdown: 'text/markdown',
}

/** What a file says it is, by its name or else its declared type; undefined where that is nothing accepted. */
export function claimedType({ mime, name }: { mime: string; name: string }): string | undefined {
  const extension = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? ''
  const declared = mime.split(';')[0]?.trim().toLowerCase() ?? ''
  return BY_EXTENSION[extension] ?? DECLARED[declared] ?? (KINDS.has(declared) ? declared : undefined)
}

const DECLARED: Readonly<Record<string, string>> = {
  'text/tab-separated-values': 'text/csv',
  'application/csv': 'text/csv',
  'text/rtf': RTF,
  'application/xhtml+xml': 'text/html',
}

/** Whether a file's name or declared type promises words: a document, or a picture of one. */
export function isReadable(file: { mime: string; name: string }): boolean {
  const kind = kindOf(claimedType(file) ?? '')
  return kind === 'document' || kind === 'image'
}

/** The refusal of a file that is `actual` and nothing accepted. */
export function refusal(actual: string | undefined, file: { mime: string; name: string }): AppError {
  const claimed = claimedType(file)
  if (actual === undefined)
    return claimed === undefined || claimed.startsWith('text/')
      ? engineError('file.unsupported', { mime: 'application/octet-stream' })
      : engineError('file.unreadable')
  return engineError(claimed === undefined ? 'file.unsupported' : 'file.wrong_type', { mime: actual })
}
