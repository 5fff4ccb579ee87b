import { isProbablyReaderable, Readability } from '@mozilla/readability'
import { parseHTML } from 'linkedom'
import { readHtml } from './html-blocks.ts'
import type { ParsedPicture } from './parser.ts'
import type { PictureTray } from './pictures.ts'
import { type Block, headingBlock } from './sections.ts'

export interface WebPage {
  readonly title: string | null
  readonly blocks: readonly Block[]
}

/** Larger pages are no articles, and their tree would not fit a child. */
const MAX_ARTICLE_CHARS = 2_000_000
const MAX_ELEMENTS = 60_000
/** An article that keeps less of a page than this has lost more than menus. */
const LEAST_KEPT = 0.6

/**
 * The words of a page of the web. Where it is an article with menus around it, the article alone (Readability); where it is rather a whole document,
 * or Readability would leave out much of it, everything that is to be read.
 */
export function readWebPage(html: string, tray: PictureTray): WebPage {
  const picture = (source: string, alt: string): ParsedPicture | null => {
    const data = /^data:image\/[a-z+.-]+;base64,([A-Za-z0-9+/=\s]+)$/.exec(source)?.[1]
    return data === undefined || !tray.isOpen ? null : tray.take(Buffer.from(data, 'base64'), alt)
  }
  const whole = readHtml(html, { picture })
  const article = articleOf(html)
  if (article === null) return whole
  const { blocks } = readHtml(article.content, { picture })
  if (lengthOf(blocks) < LEAST_KEPT * lengthOf(whole.blocks)) return whole
  const title = article.title?.trim() || whole.title
  const isTold = title === null || blocks.some(({ text }) => text.trim() === title)
  return { title, blocks: isTold ? blocks : [headingBlock(1, title), ...blocks] }
}

function articleOf(html: string): { readonly title: string | null; readonly content: string } | null {
  if (html.length > MAX_ARTICLE_CHARS || (html.match(/<[a-z]/gi)?.length ?? 0) > MAX_ELEMENTS) return null
  try {
    const { document } = parseHTML(html)
    // linkedom's document is what Readability asks of one, under types of its own.
    const dom = document as unknown as ConstructorParameters<typeof Readability>[0]
    if (!isProbablyReaderable(dom)) return null
    const article = new Readability(dom).parse()
    return article?.content ? { title: article.title ?? null, content: article.content } : null
  } catch {
    // A tree too deep for it: the page is read as it stands.
    return null
  }
}

const lengthOf = (blocks: readonly Block[]): number => blocks.reduce((sum, { text }) => sum + text.length, 0)
