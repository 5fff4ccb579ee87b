/** A piece of a document without pages: a heading with its level 1…6, or, with level 0, a paragraph. */
export interface Block {
  readonly level: number
  readonly text: string
}

export const SECTION_CHARS = 3_000

/**
 * What stands for pages where a format has none (DOCX, Markdown, plain text): runs of whole blocks of about `size` characters, ended early before a
 * heading, so that a section is about one thing. A block longer than that is cut between sentences, or, failing these, words.
 */
export function cutSections(blocks: readonly Block[], size = SECTION_CHARS): readonly string[] {
  const sections: string[] = []
  let current: string[] = []
  let length = 0
  const close = (): void => {
    if (current.length > 0) sections.push(current.join('\n\n'))
    current = []
    length = 0
  }
  for (const { level, text } of blocks) {
    const isNewPart = level > 0 && length > size / 2
    for (const piece of cutText(text, size)) {
      if (isNewPart || (length > 0 && length + piece.length > size * 1.2)) close()
      current.push(piece)
      length += piece.length + 2
      if (length >= size) close()
    }
  }
  close()
  return sections
}

/** Paragraphs, one blank line or more between them; in Markdown also headings. Fenced code stays in one block. */
export function blocksOf(text: string, kind: 'plain' | 'markdown'): readonly Block[] {
  const blocks: Block[] = []
  let lines: string[] = []
  let fence: string | undefined
  const close = (): void => {
    const paragraph = lines.join('\n').replace(/^\n+|\s+$/g, '')
    if (paragraph.trim()) blocks.push({ level: 0, text: paragraph })
    lines = []
  }
  for (const line of text.split('\n')) {
    const mark = kind === 'markdown' ? /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1] : undefined
    const heading =
      kind === 'markdown' && fence === undefined ? /^ {0,3}(#{1,6})\s+\S/.exec(line)?.[1] : undefined
    if (mark !== undefined)
      fence = fence === undefined ? mark.slice(0, 3) : mark.startsWith(fence) ? undefined : fence
    if (heading !== undefined) {
      close()
      blocks.push({ level: heading.length, text: line.trim() })
    } else if (fence === undefined && line.trim() === '') close()
    else lines.push(line)
  }
  close()
  return blocks
}

function cutText(text: string, size: number): readonly string[] {
  const pieces: string[] = []
  let rest = text
  while (rest.length > size * 1.5) {
    const at = cutAt(rest, size)
    pieces.push(rest.slice(0, at).trimEnd())
    rest = rest.slice(at).trimStart()
  }
  if (rest) pieces.push(rest)
  return pieces
}

function cutAt(text: string, size: number): number {
  const window = text.slice(0, size)
  for (const end of [/[\s\S]*[.!?…]["»”’)]*\s/, /[\s\S]*\n/, /[\s\S]*\s/]) {
    const length = end.exec(window)?.[0].length ?? 0
    if (length > size / 2) return length
  }
  // Never between the halves of one character.
  return /[\ud800-\udbff]$/.test(window) ? size - 1 : size
}
