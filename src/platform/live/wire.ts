/** The bytes of one text frame as they go over the line, header and all: made once, for however many sockets they go to. A server's frames carry no mask, so they are the same for everybody. */
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

/** What a frame says. */
export function textOf(bytes: Frame): string {
  const size = bytes[1] ?? 0
  return bytes.toString('utf8', size < SHORT ? 2 : size === SHORT ? 4 : 10)
}
