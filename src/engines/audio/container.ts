/** The containers whose own sizes tell whether something is missing at the end. */
export type Container = 'wav' | 'ogg' | 'mp4' | 'webm' | 'mp3'

/**
 * Whether a file ends before its container says it should. Recordings written live, whose headers name no size, count as whole.
 * Reads sizes alone, never the sound; bounded by the file's length.
 */
export function isCutShort(bytes: Uint8Array, container: Container): boolean {
  return CHECKS[container](new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength))
}

const CHECKS: Readonly<Record<Container, (view: DataView) => boolean>> = {
  wav: isWavCut,
  ogg: isOggCut,
  mp4: isMp4Cut,
  webm: isWebmCut,
  mp3: isMp3Cut,
}

/** RIFF: `data` of size 0 or near 4 GB was written by a stream that could not go back to fill it in. */
function isWavCut(view: DataView): boolean {
  for (let at = 12; at + 8 <= view.byteLength; ) {
    const size = view.getUint32(at + 4, true)
    if (tag(view, at) === 'data') return size < 0x7fff_ff00 && at + 8 + size > view.byteLength
    at += 8 + size + (size & 1)
  }
  return true
}

/** RFC 3533: pages of 27 bytes, a table of lacing values, and what they add up to. */
function isOggCut(view: DataView): boolean {
  for (let at = 0; at < view.byteLength; ) {
    if (at + 27 > view.byteLength) return true
    if (tag(view, at) !== 'OggS') return false
    const segments = view.getUint8(at + 26)
    let size = 27 + segments
    if (at + size > view.byteLength) return true
    for (let n = 0; n < segments; n++) size += view.getUint8(at + 27 + n)
    at += size
    if (at > view.byteLength) return true
  }
  return false
}

/** ISO/IEC 14496-12: top-level boxes, of which `moov` says how to read the others. */
function isMp4Cut(view: DataView): boolean {
  let described = false
  for (let at = 0; at < view.byteLength; ) {
    if (at + 8 > view.byteLength) return true
    described ||= tag(view, at + 4) === 'moov'
    let size = view.getUint32(at)
    if (size === 0) break
    if (size === 1) {
      if (at + 16 > view.byteLength) return true
      size = Number(view.getBigUint64(at + 8))
    }
    if (size < 8 || at + size > view.byteLength) return true
    at += size
  }
  return !described
}

const SEGMENT = 0x18538067
const CLUSTER = 0x1f43b675

/** Matroska (RFC 9559): elements of variable-length id and size; segment and clusters are stepped into, and may have no size. */
function isWebmCut(view: DataView): boolean {
  for (let at = 0; at < view.byteLength; ) {
    const id = variable(view, at, false)
    const size = id && variable(view, at + id.length, true)
    if (!id || !size) return true
    at += id.length + size.length
    if (!size.unknown && at + size.value > view.byteLength) return true
    if (id.value !== SEGMENT && id.value !== CLUSTER) at += size.value
  }
  return false
}

/** An element id or size of Matroska; with `strip` without its length marker. Null past the end. */
export function variable(
  view: DataView,
  at: number,
  strip: boolean,
): { length: number; value: number; unknown: boolean } | null {
  if (at >= view.byteLength) return null
  const first = view.getUint8(at)
  const length = Math.clz32(first) - 23
  if (length > 8 || at + length > view.byteLength) return null
  const bits = first & (0xff >> length)
  let value = strip ? bits : first
  let unknown = bits === 0xff >> length
  for (let n = 1; n < length; n++) {
    const byte = view.getUint8(at + n)
    unknown &&= byte === 0xff
    value = value * 256 + byte
  }
  return { length, value, unknown }
}

/** The Xing/Info frame that encoders put first may name the bytes of the stream (flag 2, after the frames of flag 1). */
function isMp3Cut(view: DataView): boolean {
  for (let at = 0; at + 16 <= Math.min(view.byteLength, 200_000); at++) {
    const mark = view.getUint32(at)
    if (mark !== XING && mark !== INFO) continue
    const flags = view.getUint32(at + 4)
    if ((flags & 2) === 0) return false
    const size = view.getUint32(at + (flags & 1 ? 12 : 8))
    return size > view.byteLength
  }
  return false
}

const XING = 0x58696e67
const INFO = 0x496e666f

const tag = (view: DataView, at: number): string =>
  String.fromCharCode(view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2), view.getUint8(at + 3))
