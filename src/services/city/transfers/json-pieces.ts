/** Where a value stands in a file of JSON: names and places, from the outside in. */
export type JsonPath = readonly (string | number)[]

/** What is to become of a value: parsed and handed on, looked into if it holds others, or passed over. */
export type Verdict = 'take' | 'enter' | 'skip'

export interface Piece {
  readonly path: JsonPath
  readonly value: unknown
}

export interface PiecesNeeds {
  /** Asked of each value that stands in one that is entered, as soon as it begins; first of the whole, at the empty path. */
  readonly judge: (path: JsonPath) => Verdict
  /** Of one value that is taken. */
  readonly maxBytes: number
  /** What is thrown when a value is larger. */
  readonly tooLarge: () => Error
}

interface Frame {
  readonly isArray: boolean
  key: string | number
}

/** A name that is longer is none that anybody asks for. */
const MAX_NAME = 1024
/** What is entered may hold so much in one another; what is taken or skipped as much as it likes. */
const MAX_DEPTH = 64
const [QUOTE, SLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a]
const [OPEN_LIST, CLOSE_LIST, OPEN, CLOSE] = [0x5b, 0x5d, 0x7b, 0x7d]
/** The bytes of the mark that some write before all else. */
const BOM = new Set(Buffer.from('\uFEFF'))

/** Reads a file of JSON of any size value by value (RFC 8259): what is asked for is parsed as soon as it is whole, and nothing else is kept, so that neither memory nor the event loop has more to bear than one value and one chunk. What is passed over is looked at no closer than to find its end. Throws a SyntaxError at what is no JSON. */
export async function* jsonPieces(chunks: AsyncIterable<Buffer>, needs: PiecesNeeds): AsyncGenerator<Piece> {
  const reader = createReader(needs)
  for await (const chunk of chunks) yield* reader.read(chunk)
  yield* reader.end()
}

type Expected = 'value' | 'value or end' | 'name' | 'name or end' | 'colon' | 'next' | 'nothing'

function createReader({ judge, maxBytes, tooLarge }: PiecesNeeds) {
  const frames: Frame[] = []
  let expected: Expected = 'value'
  /** The value or name under way: how it goes on, and what of it came in earlier chunks. */
  let inside: { what: 'take' | 'skip' | 'name'; kind: 'text' | 'word' | 'nest' } | undefined
  let depth = 0
  let inText = false
  let isEscaped = false
  let parts: Buffer[] = []
  let size = 0

  const broken = (): SyntaxError => new SyntaxError('no JSON')
  const path = (): JsonPath => frames.map(({ key }) => key)
  const afterValue = (): void => {
    expected = frames.length === 0 ? 'nothing' : 'next'
  }
  const keep = (bytes: Buffer): void => {
    if (!inside || inside.what === 'skip') return
    size += bytes.length
    if (inside.what === 'take' && size > maxBytes) throw tooLarge()
    if (inside.what === 'take' || size <= MAX_NAME) parts.push(bytes)
  }
  /** What was under way is whole. */
  const whole = (): Piece | undefined => {
    const { what } = inside ?? {}
    const bytes = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts)
    const isLong = size > MAX_NAME
    inside = undefined
    parts = []
    size = 0
    if (what === 'name') {
      const frame = frames.at(-1)
      if (frame) frame.key = isLong ? '' : (JSON.parse(bytes.toString('utf8')) as string)
      expected = 'colon'
      return undefined
    }
    afterValue()
    return what === 'take' ? { path: path(), value: JSON.parse(bytes.toString('utf8')) } : undefined
  }
  const begin = (what: 'take' | 'skip' | 'name', byte: number): void => {
    const kind = byte === QUOTE ? 'text' : byte === OPEN || byte === OPEN_LIST ? 'nest' : 'word'
    inside = { what, kind }
    depth = kind === 'nest' ? 1 : 0
    inText = kind === 'text'
    isEscaped = false
  }
  /** Where what is under way ends in these bytes, behind its last one; nothing where it goes on. */
  const endOf = (bytes: Buffer, from: number): number | undefined => {
    const isWord = inside?.kind === 'word'
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at]
      if (inText) {
        if (isEscaped) isEscaped = false
        else if (byte === SLASH) isEscaped = true
        else if (byte === QUOTE) {
          inText = false
          if (depth === 0) return at + 1
        }
      } else if (isWord) {
        if (byte === COMMA || byte === CLOSE || byte === CLOSE_LIST || isBlank(byte)) return at
      } else if (byte === QUOTE) inText = true
      else if (byte === OPEN || byte === OPEN_LIST) depth++
      else if ((byte === CLOSE || byte === CLOSE_LIST) && --depth === 0) return at + 1
    }
    return undefined
  }
  const value = (byte: number): void => {
    const verdict = judge(path())
    const isNest = byte === OPEN || byte === OPEN_LIST
    if (verdict !== 'enter' || !isNest) {
      begin(verdict === 'take' ? 'take' : 'skip', byte)
      return
    }
    if (frames.length >= MAX_DEPTH) throw broken()
    const isArray = byte === OPEN_LIST
    frames.push({ isArray, key: isArray ? 0 : '' })
    expected = isArray ? 'value or end' : 'name or end'
  }
  const mark = (byte: number, frame: Frame | undefined): void => {
    if (expected === 'colon' && byte === COLON) expected = 'value'
    else if (byte === COMMA && expected === 'next' && frame) {
      if (typeof frame.key === 'number') frame.key++
      expected = frame.isArray ? 'value' : 'name'
    } else if (byte === (frame?.isArray ? CLOSE_LIST : CLOSE) && frame && /end|next/.test(expected)) {
      frames.pop()
      afterValue()
    } else throw broken()
  }

  return {
    *read(bytes: Buffer): Generator<Piece> {
      for (let at = 0; at < bytes.length; ) {
        const byte = bytes[at] ?? 0
        if (!inside) {
          if (isBlank(byte) || (BOM.has(byte) && expected === 'value' && frames.length === 0)) {
            at++
            continue
          }
          const isMark = byte === COLON || byte === COMMA || byte === CLOSE || byte === CLOSE_LIST
          if (isMark || /colon|next|nothing/.test(expected)) mark(byte, frames.at(-1))
          else if (expected === 'name' || expected === 'name or end') {
            if (byte !== QUOTE) throw broken()
            begin('name', byte)
          } else value(byte)
          if (!inside) {
            at++
            continue
          }
          // Its first byte is known already; that of a word may not be one.
          const end = endOf(bytes, at + 1)
          keep(bytes.subarray(at, end))
          at = end ?? bytes.length
          if (end === undefined) continue
        } else {
          const end = endOf(bytes, at)
          keep(bytes.subarray(at, end))
          at = end ?? bytes.length
          if (end === undefined) continue
        }
        const piece = whole()
        if (piece) yield piece
      }
    },
    *end(): Generator<Piece> {
      const isWord = inside?.kind === 'word'
      const piece = isWord ? whole() : undefined
      if (inside || expected !== 'nothing') throw broken()
      if (piece) yield piece
    },
  }
}

const isBlank = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
