import mammoth from 'mammoth'
import { AppError } from '../../kernel/errors.ts'
import { engineError } from '../engine.errors.ts'
import { readHtml } from './html-blocks.ts'
import type { ParsedPicture } from './parser.ts'
import type { PictureTray } from './pictures.ts'
import type { Block } from './sections.ts'

export interface Docx {
  /** Headings, paragraphs, list items and tables, in order; then footnotes. */
  readonly blocks: readonly Block[]
  /** PNG and JPEG pictures in the order they stand, where there is no text: then they are likely scans. */
  readonly scans: readonly Uint8Array<ArrayBuffer>[]
}

const MAX_SCANS = 100
const HARDLY_TEXT_CHARS = 20

/** Reads an archive that has passed `guardZip`. Runs in a child only. Throws `file.unreadable`, `file.bomb`. */
export async function readDocx(bytes: Uint8Array, tray: PictureTray): Promise<Docx> {
  const scans: Uint8Array<ArrayBuffer>[] = []
  const pictures = new Map<string, ParsedPicture>()
  const convertImage = mammoth.images.imgElement(async (image) => {
    const isScan = scans.length < MAX_SCANS && /^image\/(png|jpeg)$/.test(image.contentType)
    const content = isScan || tray.isOpen ? new Uint8Array(await image.readAsBuffer()) : null
    if (isScan && content) scans.push(content)
    const kept = content && tray.take(content)
    const src = kept ? `picture:${pictures.size}` : ''
    if (kept) pictures.set(src, kept)
    return { src }
  })
  try {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const { value } = await mammoth.convertToHtml({ buffer }, { convertImage, styleMap: STYLES })
    const picture = (src: string, alt: string): ParsedPicture | null => {
      const kept = pictures.get(src)
      return kept ? { ...kept, ...(alt && { alt }) } : null
    }
    const { blocks } = readHtml(value.replace(BACK, ''), { picture })
    const isText = blocks.reduce((sum, { text }) => sum + text.length, 0) >= HARDLY_TEXT_CHARS
    return { blocks, scans: isText ? [] : scans }
  } catch (cause) {
    throw cause instanceof AppError ? cause : engineError('file.unreadable', {}, { cause })
  }
}

/** The way back from a note. */
const BACK = / ?<a href="#(?:foot|end)note-ref-[^"]*">↑<\/a>/g

const STYLES = ["p[style-name='Title'] => h1:fresh", "p[style-name='Subtitle'] => h2:fresh"]
