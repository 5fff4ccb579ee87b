/** Somebody who can be called by name: what to put after the @, and who it is. */
export interface Mentionable {
  readonly id: string
  readonly kind: 'person' | 'agent' | 'service'
  readonly name: string
  readonly handle: string
}

const MOST = 6

/** The name being written at the caret, without its @; null where none is. */
export function mentionAt(text: string, caret: number): string | null {
  const match = /(?:^|[\s([{«"'])@([\p{L}\p{N}_-]*)$/u.exec(text.slice(0, caret))
  return match ? (match[1] ?? '') : null
}

/** Who fits what was written so far, agents first. */
export function suggest(all: readonly Mentionable[], written: string): Mentionable[] {
  const start = written.toLowerCase()
  const fits = ({ name, handle }: Mentionable) =>
    [handle, ...name.split(/\s+/)].some((word) => word.toLowerCase().startsWith(start))
  const rank = ({ kind }: Mentionable) => (kind === 'agent' ? 0 : 1)
  return all
    .filter(fits)
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, MOST)
}

/** Puts a chosen name in the place of what was written, and says where the caret goes. */
export function complete(text: string, caret: number, handle: string): { text: string; caret: number } {
  const written = mentionAt(text, caret) ?? ''
  const from = caret - written.length
  const after = text.slice(caret)
  const put = after.startsWith(' ') ? handle : `${handle} `
  return { text: text.slice(0, from) + put + after, caret: from + handle.length + 1 }
}
