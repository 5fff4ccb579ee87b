import { Parser } from 'htmlparser2'

/** What an HTML page says of itself, as it says it; `meta` by lower-case property or name, the first of each. */
export interface PageMarkup {
  readonly title: string
  /** ISO 639-1. */
  readonly language: string | undefined
  readonly meta: ReadonlyMap<string, string>
  /** Absolute http and https addresses, each once, without the page's own. */
  readonly links: readonly { readonly url: string; readonly text: string }[]
}

/** It is read on the thread that asks, so no further than this. */
const MAX_HTML = 400_000
const MAX_VALUE = 2_000
const MAX_META = 200
const MAX_LINKS = 300

/** Reads what a page at `url` says beside its text. What is no HTML says nothing. */
export function pageMarkup(bytes: Uint8Array, contentType: string, url: string): PageMarkup {
  const meta = new Map<string, string>()
  const links = new Map<string, { readonly url: string; text: string }>()
  let base = url
  let title: string | undefined
  let language: string | undefined
  let inTitle = false
  let link: { readonly url: string; text: string } | undefined
  const open = (href: string | undefined) => {
    link = undefined
    if (!href || !URL.canParse(href, base) || links.size === MAX_LINKS) return
    const to = new URL(href, base)
    to.hash = ''
    if (!/^https?:$/.test(to.protocol) || to.href === url || links.has(to.href)) return
    link = { url: to.href, text: '' }
    links.set(to.href, link)
  }
  const parser = new Parser({
    onopentag(name, { content, href, lang, name: named, property }) {
      if (name === 'a') open(href)
      if (name === 'base' && href && URL.canParse(href, url)) base = new URL(href, url).href
      if (name === 'html') language = /^([a-z]{2})(?:-|$)/i.exec(lang ?? '')?.[1]?.toLowerCase()
      if (name === 'title') inTitle = title === undefined
      const key = (property ?? named ?? '').toLowerCase()
      if (name === 'meta' && content && key && meta.size < MAX_META && !meta.has(key))
        meta.set(key, content.slice(0, MAX_VALUE))
    },
    ontext(text) {
      if (inTitle) title = `${title ?? ''}${text}`.slice(0, MAX_VALUE)
      if (link) link.text = `${link.text}${text}`.slice(0, MAX_VALUE)
    },
    onclosetag(name) {
      if (name === 'title') inTitle = false
      if (name === 'a') link = undefined
    },
  })
  parser.write(decode(bytes.subarray(0, MAX_HTML), contentType))
  return {
    title: oneLine(title ?? ''),
    language,
    meta,
    links: [...links.values()].map(({ text, url: to }) => ({ url: to, text: oneLine(text) })),
  }
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()

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
