import { Parser } from 'htmlparser2'

/** What an HTML page says of itself, as it says it: its title, and `meta` by lower-case property or name, the first of each. */
export interface PageHead {
  readonly title: string
  readonly meta: ReadonlyMap<string, string>
}

/** Who looks at the rest of a page while it is read. */
export interface PageWatch {
  opened(name: string, attributes: Readonly<Record<string, string>>): void
  text(text: string): void
  closed(name: string): void
}

/** It is read on the thread that asks, so no further than this; where a page has not said by then what it is, it does not say. */
const MAX_HTML = 400_000
const STEP = 16_384
const MAX_VALUE = 2_000
const MAX_META = 200

/** Reads the head of a page, and on to its end where somebody watches. Its charset is that of its type, else its own word. What is no HTML says nothing. */
export function pageHead(bytes: Uint8Array, contentType: string, watch?: PageWatch): PageHead {
  const meta = new Map<string, string>()
  let title: string | undefined
  let inTitle = false
  let isOver = false
  const parser = new Parser({
    onopentag(name, attributes) {
      if (name === 'title') inTitle = title === undefined
      if (name === 'body') isOver = true
      const { content, name: named, property } = attributes
      const key = (property ?? named ?? '').toLowerCase()
      if (name === 'meta' && content && key && meta.size < MAX_META && !meta.has(key))
        meta.set(key, content.slice(0, MAX_VALUE))
      watch?.opened(name, attributes)
    },
    ontext(text) {
      if (inTitle) title = `${title ?? ''}${text}`.slice(0, MAX_VALUE)
      watch?.text(text)
    },
    onclosetag(name) {
      if (name === 'title') inTitle = false
      if (name === 'head') isOver = true
      watch?.closed(name)
    },
  })
  const html = decode(bytes.subarray(0, MAX_HTML), contentType)
  for (let at = 0; at < html.length && (watch || !isOver); at += STEP) parser.write(html.slice(at, at + STEP))
  return { title: title ?? '', meta }
}

function decode(bytes: Uint8Array, contentType: string): string {
  const head = Buffer.from(bytes.subarray(0, 2048)).toString('latin1')
  const named = /charset=["']?([\w-]{1,40})/i
  const charset = named.exec(contentType)?.[1] ?? named.exec(head)?.[1] ?? 'utf-8'
  try {
    return new TextDecoder(charset).decode(bytes)
  } catch {
    return new TextDecoder().decode(bytes)
  }
}
