/** What an ONNX file says of itself: its `metadata_props`, which the runtime does not tell. Only their part of the format (protobuf) is read; the rest is passed over. */
export function onnxMetadata(model: Uint8Array): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const { bytes, field } of fieldsOf(model)) {
    if (field !== METADATA) continue
    const entry = new Map([...fieldsOf(bytes)].map((one) => [one.field, new TextDecoder().decode(one.bytes)]))
    found.set(entry.get(1) ?? '', entry.get(2) ?? '')
  }
  return found
}

const METADATA = 14

/** The fields of a message that have bytes; numbers are passed over. */
function* fieldsOf(message: Uint8Array): Generator<{ readonly field: number; readonly bytes: Uint8Array }> {
  let at = 0
  const number = (): number => {
    let value = 0
    for (let shift = 1; ; shift *= 128) {
      const byte = message[at++]
      if (byte === undefined) throw new Error('an ONNX file is cut short')
      value += (byte & 127) * shift
      if (byte < 128) return value
    }
  }
  while (at < message.length) {
    const tag = number()
    const kind = tag % 8
    if (kind === 0) number()
    else if (kind === 1) at += 8
    else if (kind === 5) at += 4
    else if (kind === 2) {
      const length = number()
      yield { field: Math.floor(tag / 8), bytes: message.subarray(at, at + length) }
      at += length
    } else throw new Error('this is no ONNX file')
  }
}
