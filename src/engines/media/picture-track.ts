/** Whether a WebM or MP4 has a track of moving pictures: a codec id `V_…` (https://www.matroska.org/technical/codec_specs.html), or a handler `vide` (ISO/IEC 14496-12, 8.4.3). */
export function hasPicture(bytes: Uint8Array, mime: string): boolean {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (mime === 'audio/webm') return CODECS.some((codec) => data.subarray(0, HEAD_BYTES).includes(codec))
  return mime === 'audio/mp4' && hasHandler(data, 'vide')
}

const CODECS = ['V_VP8', 'V_VP9', 'V_AV1', 'V_MPEG']
/** Tracks are described before the first sound. */
const HEAD_BYTES = 256 * 1024

/** The handler's kind stands 12 bytes after the name of its box: 4 of version and flags, 4 that are always 0. */
function hasHandler(data: Buffer, kind: string): boolean {
  for (let at = data.indexOf('hdlr'); at >= 0; at = data.indexOf('hdlr', at + 4))
    if (data.toString('latin1', at + 12, at + 16) === kind) return true
  return false
}
