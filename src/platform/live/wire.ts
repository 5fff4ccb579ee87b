/** The bytes of text frames as they go over the line, headers and all; mostly of one, made once, for however many sockets they go to. A server's frames carry no mask, so they are the same for everybody. */
export type Frame = Buffer

const TEXT = 0x81
const SHORT = 126
const LONG = 65_536

/** Makes a value's frame (RFC 6455, 5.2): one final text frame, not compressed. */
export function frame(value: unknown): Frame {
  const text = JSON.stringify(value)
  const size = Buffer.byteLength(text)
  const head = size < SHORT ? 2 : size < LONG ? 4 : 10
  const bytes = Buffer.allocUnsafe(head + size)
  bytes[0] = TEXT
  if (head === 2) bytes[1] = size
  else if (head === 4) {
    bytes[1] = 126
    bytes.writeUInt16BE(size, 2)
  } else {
    bytes[1] = 127
    bytes.writeBigUInt64BE(BigInt(size), 2)
  }
  bytes.write(text, head)
  return bytes
}

/** Several frames as one piece of bytes. */
export const together = (frames: readonly Frame[]): Frame =>
  frames.length === 1 && frames[0] ? frames[0] : Buffer.concat(frames)

/** What frames say, one after another. */
export function textsOf(bytes: Frame): string[] {
  const texts: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const short = bytes[at + 1] ?? 0
    const head = short < SHORT ? 2 : short === SHORT ? 4 : 10
    const size =
      head === 2 ? short : head === 4 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
    texts.push(bytes.toString('utf8', at + head, at + head + size))
    at += head + size
  }
  return texts
}
