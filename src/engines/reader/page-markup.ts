import { type PageHead, pageHead } from '../page-head.ts'

/** What an HTML page says of itself, and where it leads. */
export interface PageMarkup extends PageHead {
  /** ISO 639-1. */
  readonly language: string | undefined
  /** Absolute http and https addresses, each once, without the page's own. */
  readonly links: readonly { readonly url: string; readonly text: string }[]
}

const MAX_TEXT = 2_000
const MAX_LINKS = 300

/** Reads what a page at `url` says beside its text. What is no HTML says nothing. */
export function pageMarkup(bytes: Uint8Array, contentType: string, url: string): PageMarkup {
  const links = new Map<string, { readonly url: string; text: string }>()
  let base = url
  let language: string | undefined
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
  const { meta, title } = pageHead(bytes, contentType, {
    opened(name, { href, lang }) {
      if (name === 'a') open(href)
      if (name === 'base' && href && URL.canParse(href, url)) base = new URL(href, url).href
      if (name === 'html') language = /^([a-z]{2})(?:-|$)/i.exec(lang ?? '')?.[1]?.toLowerCase()
    },
    text(text) {
      if (link) link.text = `${link.text}${text}`.slice(0, MAX_TEXT)
    },
    closed(name) {
      if (name === 'a') link = undefined
    },
  })
  return {
    title: oneLine(title),
    language,
    meta,
    links: [...links.values()].map(({ text, url: to }) => ({ url: to, text: oneLine(text) })),
  }
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()
