import { fileTypeFromBuffer } from 'file-type'
import { isCutShort } from '../audio/container.ts'
import { engineError } from '../engine.errors.ts'
import { documentKind, type KnownDocument } from '../parser/document-kind.ts'
import { loadPdf } from '../parser/load-pdf.ts'
import { blocksOf, cutSections } from '../parser/sections.ts'
import { refusal } from './accepted.ts'
import { headerDuration, pictureDuration } from './audio-duration.ts'
import { imageFacts } from './image.ts'
import { IMAGES } from './image-types.ts'
import type { MediaFacts, MediaLimits } from './media.ts'
import { hasPicture } from './picture-track.ts'

interface Named {
  readonly mime: string
  readonly name: string
}

/** What `Media.inspect` answers, found in this process: only a child may. Sniffs first, so that nothing is opened by a reader it is not for. */
export async function inspectBytes(bytes: Uint8Array, file: Named, limits: MediaLimits): Promise<MediaFacts> {
  const document = await documentKind(bytes, file)
  if (document) return await documentFacts(document, bytes, limits)
  const type = await fileTypeFromBuffer(bytes)
  if (type && IMAGES.has(type.mime)) return { kind: 'image', ...(await imageFacts(bytes, limits.maxPixels)) }
  const mime = type && AUDIO[type.ext]
  if (type && mime) {
    const film = hasPicture(bytes, mime)
    const durationMs = await durationOf(bytes, type.ext, limits.maxSeconds, film)
    return { kind: 'audio', mime: film ? mime.replace('audio', 'video') : mime, durationMs }
  }
  throw refusal(type?.mime, file)
}

/** By the extension `file-type` gives; with a picture track it is a film. */
const AUDIO: Readonly<Record<string, string | undefined>> = {
  opus: 'audio/ogg',
  ogg: 'audio/ogg',
  oga: 'audio/ogg',
  webm: 'audio/webm',
  mp3: 'audio/mpeg',
  m4a: 'audio/mp4',
  mp4: 'audio/mp4',
  wav: 'audio/wav',
  flac: 'audio/flac',
}

async function documentFacts(
  document: KnownDocument,
  bytes: Uint8Array,
  { maxPages }: MediaLimits,
): Promise<MediaFacts> {
  const { mime } = document
  if (mime === 'application/pdf') {
    // Readers are loaded when first needed: a picture is looked at at once.
    const { openPdf } = await loadPdf()
    const pdf = await openPdf(bytes, maxPages)
    await pdf.close()
    return { kind: 'document', mime, pages: pdf.pages }
  }
  if (mime === 'text/plain' || mime === 'text/markdown') {
    const pages = cutSections(blocksOf(document.text, mime === 'text/markdown' ? 'markdown' : 'plain')).length
    if (pages > maxPages) throw engineError('file.too_many_pages', { pages, limit: maxPages })
  }
  return { kind: 'document', mime }
}

const CONTAINERS: Readonly<Record<string, Parameters<typeof isCutShort>[1] | undefined>> = {
  opus: 'ogg',
  ogg: 'ogg',
  oga: 'ogg',
  webm: 'webm',
  mp3: 'mp3',
  m4a: 'mp4',
  mp4: 'mp4',
  wav: 'wav',
}

/** So small a file is decoded to its end, which also proves that it can be. */
const SMALL_BYTES = 1 << 20

/** Of its sound; where a film has none, of its picture. */
async function durationOf(
  bytes: Uint8Array,
  extension: string,
  maxSeconds: number,
  film: boolean,
): Promise<number> {
  const container = CONTAINERS[extension]
  if (container && isCutShort(bytes, container)) throw engineError('file.unreadable')
  const heard = headerDuration(bytes, extension)
  const silent = film && heard === 0 ? pictureDuration(bytes, extension) : null
  const told = silent ?? heard
  if (told === 0) throw engineError('file.no_audio')
  if (told !== null && told > maxSeconds * 1000)
    throw engineError('file.too_long', {
      minutes: Math.ceil(told / 60_000),
      limit: Math.round(maxSeconds / 60),
    })
  if (told !== null && (silent !== null || bytes.length > SMALL_BYTES)) return Math.round(told)
  const { audioDuration } = await import('../audio/decode.ts')
  return (await audioDuration(bytes, { maxSeconds })).durationMs
}
