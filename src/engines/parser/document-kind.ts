import { engineError } from '../engine.errors.ts'
import {
  claimedType,
  DOCX,
  EML,
  EPUB,
  isReadable,
  MBOX,
  ODP,
  ODS,
  ODT,
  PPTX,
  RTF,
  refusal,
  XLSX,
  ZIP,
} from '../media/accepted.ts'
import { decodeText } from './text-encoding.ts'
import { guardZip, listZip, unzip, type ZipEntry } from './zip.ts'

/** A document recognised by its bytes, not by its name. */
export type KnownDocument =
  | { readonly mime: 'application/pdf' | typeof RTF | typeof EML | typeof MBOX }
  | { readonly mime: ZipKind }
  | { readonly mime: 'text/plain' | 'text/markdown' | 'text/csv' | 'text/html'; readonly text: string }

type ZipKind =
  | typeof DOCX
  | typeof PPTX
  | typeof XLSX
  | typeof ODT
  | typeof ODS
  | typeof ODP
  | typeof EPUB
  | typeof ZIP

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
  if (startsWith(bytes, '{\\rtf')) return { mime: RTF }
  const mail = mailKind(bytes, file)
  if (mail) return mail
  const declared = declaredHtml(bytes)
  if (declared !== null) return { mime: 'text/html', text: declared }
  const text = decodeText(bytes)
  if (text) return textKind(text.text, file)
  // Some producers put bytes of their own before the header.
  if (Buffer.from(bytes.subarray(0, 1024)).includes('%PDF-')) return { mime: 'application/pdf' }
  return null
}

const startsWith = (bytes: Uint8Array, magic: string): boolean => latin1(bytes, magic.length) === magic

const latin1 = (bytes: Uint8Array, length: number): string =>
  Buffer.from(bytes.subarray(0, length)).toString('latin1')

const PACKAGES: readonly (readonly [string, ZipKind])[] = [
  ['wordprocessingml.document.main+xml', DOCX],
  ['presentationml.presentation.main+xml', PPTX],
  ['presentationml.slideshow.main+xml', PPTX],
  ['spreadsheetml.sheet.main+xml', XLSX],
]
const MACROS = 'application/vnd.ms-office.macroEnabled'
const OPEN: ReadonlySet<string> = new Set<ZipKind>([ODT, ODS, ODP, EPUB])
const MAX_LIST_BYTES = 1 << 20
/** Programs and applications, which are archives too. */
const PROGRAMS: ReadonlySet<string> = new Set(['META-INF/MANIFEST.MF', 'AndroidManifest.xml', 'classes.dex'])

async function zipKind(bytes: Uint8Array, file: Named): Promise<KnownDocument> {
  let entries: readonly ZipEntry[]
  try {
    entries = listZip(bytes)
  } catch (cause) {
    if (claimedType(file) !== undefined) throw cause
    throw refusal(ZIP, file)
  }
  const part = (name: string): string => {
    const entry = entries.find((one) => one.name === name)
    return entry ? Buffer.from(unzip(bytes, entry, MAX_LIST_BYTES)).toString('utf8') : ''
  }
  const types = part('[Content_Types].xml')
  const told = part('mimetype').trim()
  const office = PACKAGES.find(([sign]) => types.includes(sign))?.[1]
  const kind = office ?? (isOpen(told) ? told : ZIP)
  if (kind === ZIP && (types !== '' || told !== ''))
    throw refusal(/macroEnabled/.test(types) ? MACROS : told || 'application/octet-stream', file)
  if (kind === ZIP && !holdsDocuments(entries)) throw refusal(ZIP, file)
  await guardZip(bytes)
  if (/encryption-data/.test(part('META-INF/manifest.xml'))) throw engineError('file.encrypted')
  if (kind === ZIP && entries.every(({ isEncrypted, name }) => isEncrypted || name.endsWith('/')))
    throw engineError('file.encrypted')
  return { mime: kind }
}

const isOpen = (told: string): told is ZipKind => OPEN.has(told)

const holdsDocuments = (entries: readonly ZipEntry[]): boolean =>
  !entries.some(({ name }) => PROGRAMS.has(name)) &&
  entries.some(({ name }) => isReadable({ mime: '', name }))

/** Office files with a password are an old compound file with the package in it. */
function compoundRefusal(bytes: Uint8Array, file: Named): Error {
  return Buffer.from(bytes).includes(Buffer.from('EncryptedPackage', 'utf16le'))
    ? engineError('file.encrypted')
    : refusal('application/msword', file)
}

const HEAD_CHARS = 64 * 1024
const HEADER = /^([A-Za-z][A-Za-z0-9-]{1,60}):[ \t]/

/** A letter has a header as letters have it; one called so by its name needs less of it. */
function mailKind(bytes: Uint8Array, file: Named): KnownDocument | null {
  const head = latin1(bytes, HEAD_CHARS).replace(/^\xef\xbb\xbf/, '')
  const isBox = /^From \S[^\n]*\d{4}\s*\r?\n/.test(head)
  const lines = (isBox ? head.slice(head.indexOf('\n') + 1) : head).split(/\r?\n/)
  const names = new Set<string>()
  for (const line of lines) {
    if (line === '') break
    const name = HEADER.exec(`${line} `)?.[1]?.toLowerCase()
    if (name === undefined && !/^[ \t]/.test(line)) return null
    if (name !== undefined) names.add(name)
  }
  const known = LETTER_HEADERS.filter((name) => names.has(name)).length
  const claimed = claimedType(file)
  const enough = claimed === EML || claimed === MBOX ? 1 : 3
  if (known < enough || !(names.has('from') || names.has('received') || names.has('mime-version')))
    return null
  return { mime: isBox ? MBOX : EML }
}

const LETTER_HEADERS = [
  'from',
  'to',
  'subject',
  'date',
  'message-id',
  'mime-version',
  'received',
  'return-path',
  'delivered-to',
  'content-type',
]

const HTML =
  /^\s*(?:<\?xml[^>]*>\s*)?(?:<!--[\s\S]{0,2000}?-->\s*)*(?:<!doctype html|<html[\s>]|<head[\s>]|<body[\s>]|<script[\s>])/i
const OTHER_MARKUP: readonly (readonly [RegExp, string])[] = [
  [
    /^\s*(?:<\?xml[^>]*>\s*)?(?:<!--[\s\S]{0,2000}?-->\s*)*(?:<!doctype svg[^>]*>\s*)?<svg[\s>]/i,
    'image/svg+xml',
  ],
  [/^\s*<\?xml\s/i, 'application/xml'],
]

/** A page that says in which letters it is written, decoded so; null where it does not, or is none. */
function declaredHtml(bytes: Uint8Array): string | null {
  const start = latin1(bytes, 8192).replace(/^\xef\xbb\xbf/, '')
  const charset = /<meta[^>]{1,200}charset\s*=\s*["']?\s*([\w.:-]{2,40})/i.exec(start)?.[1]
  if (charset === undefined || !HTML.test(start)) return null
  try {
    return new TextDecoder(charset).decode(bytes)
  } catch {
    return null
  }
}

function textKind(text: string, file: Named): KnownDocument {
  if (text.trim() === '') throw engineError('file.empty')
  const start = text.slice(0, 8192)
  if (HTML.test(start)) return { mime: 'text/html', text }
  const markup = OTHER_MARKUP.find(([sign]) => sign.test(start))?.[1]
  if (markup !== undefined) throw refusal(markup, file)
  const claimed = claimedType(file)
  // Nothing in the letters tells these three apart for certain: here the name decides.
  return { mime: claimed === 'text/markdown' || claimed === 'text/csv' ? claimed : 'text/plain', text }
}
