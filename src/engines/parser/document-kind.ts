import { engineError } from '../engine.errors.ts'
import { claimedType, DOCX, refusal } from '../media/accepted.ts'
import { decodeText } from './text-encoding.ts'
import { guardZip, listZip, unzip, type ZipEntry } from './zip.ts'

/** A document recognised by its bytes, not by its name. */
export type KnownDocument =
  | { readonly mime: 'application/pdf' }
  | { readonly mime: typeof DOCX }
  | { readonly mime: 'text/plain' | 'text/markdown'; readonly text: string }

interface Named {
  readonly mime: string
  readonly name: string
}

/**
 * What document this is; null for what is neither a document nor text. An archive is unpacked once within limits. Throws `file.empty`, `file.bomb`,
 * `file.encrypted`, `file.unreadable`, and for other people's formats `file.unsupported` or, where the name promised better, `file.wrong_type`.
 */
export async function documentKind(bytes: Uint8Array, file: Named): Promise<KnownDocument | null> {
  if (bytes.length === 0) throw engineError('file.empty')
  if (startsWith(bytes, '%PDF-')) return { mime: 'application/pdf' }
  if (startsWith(bytes, 'PK\x03\x04') || startsWith(bytes, 'PK\x05\x06')) return await zipKind(bytes, file)
  if (startsWith(bytes, '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1')) throw compoundRefusal(bytes, file)
  const text = decodeText(bytes)
  if (text) return textKind(text.text, file)
  // Some producers put bytes of their own before the header.
  if (Buffer.from(bytes.subarray(0, 1024)).includes('%PDF-')) return { mime: 'application/pdf' }
  return null
}

const startsWith = (bytes: Uint8Array, magic: string): boolean =>
  Buffer.from(bytes.subarray(0, magic.length)).toString('latin1') === magic

const OFFICE: readonly (readonly [RegExp, string])[] = [
  [/spreadsheetml/, 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  [/presentationml/, 'application/vnd.openxmlformats-officedocument.presentationml.presentation'],
  [/macroEnabled/, 'application/vnd.ms-word.document.macroEnabled.12'],
]
const MAX_LIST_BYTES = 1 << 20

async function zipKind(bytes: Uint8Array, file: Named): Promise<KnownDocument> {
  let entries: readonly ZipEntry[]
  try {
    entries = listZip(bytes)
  } catch (cause) {
    if (claimedType(file) === DOCX) throw cause
    throw refusal('application/zip', file)
  }
  const list = entries.find(({ name }) => name === '[Content_Types].xml')
  const types = list ? Buffer.from(unzip(bytes, list, MAX_LIST_BYTES)).toString('utf8') : ''
  const isDocx = types.includes('wordprocessingml.document.main+xml')
  if (isDocx || claimedType(file) === DOCX) await guardZip(bytes)
  if (isDocx) return { mime: DOCX }
  throw refusal(OFFICE.find(([sign]) => sign.test(types))?.[1] ?? 'application/zip', file)
}

/** Office files with a password are an old compound file with the package in it. */
function compoundRefusal(bytes: Uint8Array, file: Named): Error {
  return Buffer.from(bytes).includes(Buffer.from('EncryptedPackage', 'utf16le'))
    ? engineError('file.encrypted')
    : refusal('application/msword', file)
}

const MARKUP: readonly (readonly [RegExp, string])[] = [
  [
    /^\s*(?:<\?xml[^>]*>\s*)?(?:<!--[\s\S]{0,2000}?-->\s*)*(?:<!doctype svg[^>]*>\s*)?<svg[\s>]/i,
    'image/svg+xml',
  ],
  [
    /^\s*(?:<!--[\s\S]{0,2000}?-->\s*)*(?:<!doctype html|<html[\s>]|<head[\s>]|<body[\s>]|<script[\s>])/i,
    'text/html',
  ],
  [/^\s*<\?xml\s/i, 'application/xml'],
  [/^\s*\{\\rtf/, 'application/rtf'],
]

function textKind(text: string, file: Named): KnownDocument {
  if (text.trim() === '') throw engineError('file.empty')
  const start = text.slice(0, 8192)
  const markup = MARKUP.find(([sign]) => sign.test(start))?.[1]
  if (markup !== undefined) throw refusal(markup, file)
  return { mime: claimedType(file) === 'text/markdown' ? 'text/markdown' : 'text/plain', text }
}
