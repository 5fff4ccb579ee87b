/** How many first bytes `sniff` wants: enough to pass the first entries of an office file. */
export const HEAD_BYTES = 65_536

const UNKNOWN = 'application/octet-stream'

/** Names what bytes are by their beginning. What a browser could run (HTML, SVG, any XML) is `text/plain`, never its own type. `utf8` says whether all of the bytes, not only the head, are UTF-8. */
export async function sniff(head: Uint8Array, utf8: boolean): Promise<string> {
  const { fileTypeFromBuffer } = await import('file-type')
  const found = await fileTypeFromBuffer(head).catch(() => undefined)
  const mime = found?.mime.split(';')[0]?.trim()
  if (mime === undefined || mime.startsWith('text/') || /\bxml$/.test(mime))
    return utf8 && !hasControls(head) ? 'text/plain' : UNKNOWN
  if (mime === 'video/webm' || mime === 'video/matroska')
    return soundOnly(head, ['V_'], ['A_']) ? 'audio/webm' : mime
  if (mime === 'video/mp4' || mime === 'video/quicktime')
    return soundOnly(head, ['vide'], ['soun']) ? 'audio/mp4' : mime
  return mime
}

/** Whether the container's head declares sound and no picture. */
function soundOnly(head: Uint8Array, picture: readonly string[], sound: readonly string[]): boolean {
  const text = Buffer.from(head.buffer, head.byteOffset, head.byteLength)
  const has = (marks: readonly string[]) => marks.some((mark) => text.includes(mark, 0, 'latin1'))
  return has(sound) && !has(picture)
}

/** Control characters that text does not have: all but tab, line feed, form feed, carriage return, escape. */
function hasControls(head: Uint8Array): boolean {
  return head.some((byte) => byte < 32 && ![9, 10, 12, 13, 27].includes(byte))
}
