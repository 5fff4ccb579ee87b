import { Parser } from 'htmlparser2'
import { engineError } from '../engine.errors.ts'

/** Attributes by their names without prefix (where two prefixes share one, the last), and by their names with it. */
export type Attributes = Readonly<Record<string, string | undefined>>

export interface XmlHandler {
  /** `name` without its prefix, such as `p` for `w:p`; `full` with it. */
  open?(name: string, attributes: Attributes, full: string): void
  /** May come in pieces. */
  text?(words: string): void
  close?(name: string, full: string): void
}

const MAX_DEPTH = 400
const SLICE_BYTES = 1 << 20

/**
 * Reads a part of an office file as it comes, keeping nothing. There are no entities but XML's own five and numbers: what a document type declares
 * is passed over, so nothing can grow. Throws `file.bomb` where elements nest more than 400 deep. It does not judge whether the XML is well formed.
 */
export function readXml(bytes: Uint8Array, handler: XmlHandler): void {
  let depth = 0
  const parser = new Parser(
    {
      onopentag: (full, given) => {
        if (++depth > MAX_DEPTH) throw engineError('file.bomb')
        handler.open?.(localName(full), plainAttributes(given), full)
      },
      ontext: (words) => handler.text?.(words),
      onclosetag: (full) => {
        depth--
        handler.close?.(localName(full), full)
      },
    },
    { xmlMode: true, decodeEntities: true },
  )
  const decoder = new TextDecoder(encodingOf(bytes))
  for (let at = 0; at < bytes.length; at += SLICE_BYTES)
    parser.write(decoder.decode(bytes.subarray(at, at + SLICE_BYTES), { stream: true }))
  parser.end(decoder.decode())
}

const localName = (full: string): string => full.slice(full.indexOf(':') + 1)

function plainAttributes(given: Readonly<Record<string, string>>): Attributes {
  const result: Record<string, string> = {}
  for (const name in given)
    if (!name.startsWith('xmlns')) result[localName(name)] = result[name] = given[name] ?? ''
  return result
}

function encodingOf([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8'
}
