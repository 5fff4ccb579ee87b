interface Line {
  /** Seconds from the start. */
  readonly start: number
  readonly end: number
  readonly text: string
}

/** SubRip, as players read it: `00:00:01,500 --> 00:00:03,000`, numbered from 1. */
export const srt = (lines: readonly Line[]): string =>
  spoken(lines)
    .map(({ start, end, text }, i) => `${i + 1}\n${stamp(start, ',')} --> ${stamp(end, ',')}\n${text}\n\n`)
    .join('')

/** WebVTT (W3C): the three signs that would be markup are written as entities. */
export const vtt = (lines: readonly Line[]): string =>
  `WEBVTT\n\n${spoken(lines)
    .map(({ start, end, text }) => `${stamp(start, '.')} --> ${stamp(end, '.')}\n${escapeCue(text)}\n\n`)
    .join('')}`

/** A blank line would end a cue, and an end before its start would hide it. */
const spoken = (lines: readonly Line[]): Line[] =>
  lines
    .map(({ start, end, text }) => ({
      start,
      end: Math.max(start, end),
      text: text.trim().replace(/\s*\n\s*/g, '\n'),
    }))
    .filter(({ text }) => text !== '')

const escapeCue = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

function stamp(seconds: number, comma: ',' | '.'): string {
  const ms = Math.max(0, Math.round(seconds * 1000))
  const part = (value: number, width = 2) => String(value).padStart(width, '0')
  const [h, m, s] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, Math.floor(ms / 1000) % 60]
  return `${part(h)}:${part(m)}:${part(s)}${comma}${part(ms % 1000, 3)}`
}
