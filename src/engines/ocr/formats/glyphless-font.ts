/** Units of the font to the em; each of its glyphs is half of it wide and has no ink. */
export const EM = 1000
export const GLYPH_WIDTH = EM / 2
const ASCENT = 800
const DESCENT = -200

/**
 * A TrueType font of two glyphs without outlines: what an invisible text layer is set in. It has the tables that a PDF asks of an embedded
 * font (ISO 32000-1, 9.9) and no others; which letters it stands for is told by the PDF's ToUnicode.
 */
export function glyphlessFont(): Uint8Array {
  const tables: readonly (readonly [tag: string, bytes: Buffer])[] = [
    ['glyf', Buffer.alloc(4)],
    ['head', head()],
    // Version 1.0, ascent, descent, line gap, advance; at its end, how many advances `hmtx` has.
    ['hhea', words([1, 0, ASCENT, DESCENT, 0, GLYPH_WIDTH, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1])],
    // The advance of all glyphs, and the left bearings of both.
    ['hmtx', words([GLYPH_WIDTH, 0, 0])],
    ['loca', words([0, 0, 0])],
    // Version 1.0, two glyphs, no points, no contours, one zone, no instructions.
    ['maxp', words([1, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])],
  ]
  const directory = [words([1, 0, tables.length, 64, 2, tables.length * 16 - 64])]
  const bodies: Buffer[] = []
  let at = 12 + tables.length * 16
  for (const [tag, bytes] of tables) {
    const padded = Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)])
    directory.push(Buffer.from(tag, 'latin1'), longs([sumOf(padded), at, bytes.length]))
    bodies.push(padded)
    at += padded.length
  }
  return new Uint8Array(Buffer.concat([...directory, ...bodies]))
}

/** Version, checksum (let be), magic, flags, units, dates, bounding box, style, least size, direction, short offsets. */
const head = (): Buffer =>
  Buffer.concat([
    longs([0x00010000, 0x00010000, 0, 0x5f0f3cf5]),
    words([0, EM]),
    Buffer.alloc(16),
    words([0, DESCENT, GLYPH_WIDTH, ASCENT, 0, 8, 2, 0, 0]),
  ])

function words(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2)
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value & 0xffff, index * 2)
  return bytes
}

function longs(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, index * 4)
  return bytes
}

function sumOf(bytes: Buffer): number {
  let sum = 0
  for (let at = 0; at < bytes.length; at += 4) sum = (sum + bytes.readUInt32BE(at)) >>> 0
  return sum
}
