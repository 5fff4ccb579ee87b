/** How samples lie. */
export interface WavShape {
  readonly rate: number
  readonly channels: number
  readonly bits: number
}

const HEADER_BYTES = 44

/** Raw samples as a canonical WAV file. */
export function wavOf(samples: Uint8Array, { bits, channels, rate }: WavShape): Uint8Array<ArrayBuffer> {
  const file = new Uint8Array(HEADER_BYTES + samples.length)
  const view = new DataView(file.buffer)
  const frame = (channels * bits) / 8
  write(file, 0, 'RIFF')
  view.setUint32(4, file.length - 8, true)
  write(file, 8, 'WAVEfmt ')
  view.setUint32(16, 16, true)
  view.setUint16(20, 1, true)
  view.setUint16(22, channels, true)
  view.setUint32(24, rate, true)
  view.setUint32(28, rate * frame, true)
  view.setUint16(32, frame, true)
  view.setUint16(34, bits, true)
  write(file, 36, 'data')
  view.setUint32(40, samples.length, true)
  file.set(samples, HEADER_BYTES)
  return file
}

/** The samples of a WAV file of whole samples; null where it is none. A size that a stream could not fill in means "to the end". */
export function samplesOf(file: Uint8Array): (WavShape & { readonly samples: Uint8Array }) | null {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  if (file.length < HEADER_BYTES || tag(file, 0) !== 'RIFF' || tag(file, 8) !== 'WAVE') return null
  let shape: WavShape | null = null
  for (let at = 12; at + 8 <= file.length; ) {
    const size = view.getUint32(at + 4, true)
    const start = at + 8
    if (tag(file, at) === 'fmt ' && start + 16 <= file.length)
      shape = {
        channels: view.getUint16(start + 2, true),
        rate: view.getUint32(start + 4, true),
        bits: view.getUint16(start + 14, true),
      }
    if (tag(file, at) === 'data')
      return shape && { ...shape, samples: file.subarray(start, Math.min(file.length, start + size)) }
    at = start + size + (size & 1)
  }
  return null
}

function write(file: Uint8Array, at: number, letters: string): void {
  for (let n = 0; n < letters.length; n++) file[at + n] = letters.charCodeAt(n)
}

const tag = (file: Uint8Array, at: number): string => String.fromCharCode(...file.subarray(at, at + 4))
