import {
  createElement,
  Fragment,
  memo,
  type ReactNode,
  useEffect,
  useState,
  useSyncExternalStore,
} from 'react'
import { useTranslation } from 'react-i18next'
import { CodeBlock } from '../messages/code-block.tsx'
import type { Token } from './markdown-parser.ts'

/** Tags that words may have. Everything else is shown as its text. */
const TAGS = new Set('p strong em s ul ol li blockquote hr br table thead tbody tr th td pre code'.split(' '))
const HEADINGS = new Set(['h1', 'h2', 'h3', 'h4', 'h5', 'h6'])
const PIECES =
  /\[(\d{1,3})\]|:([a-z0-9_+-]{1,32}):|\|\|(.+?)\|\||(?<=^|[\s([{«"'])(@[\p{L}\p{N}_][\p{L}\p{N}_-]*)/gu

interface MarkdownProps {
  text: string
  /** Makes the chip of a source out of `[n]`; null leaves the text as it is. */
  cite?: (n: number, key: string) => ReactNode
  /** Stands right after the last word. */
  end?: ReactNode
}

/** People's and agents' words as Markdown: no HTML, no images, links that tell the other side nothing. It is built as elements, never as markup. The parser comes when words first need it; until then they stand as they were written. */
export const Markdown = memo(function Markdown({ text, cite, end }: MarkdownProps) {
  const parse = useParser(MARKED.test(text))
  const nodes = parse ? build(parse(text), cite ?? NO_CITE) : paragraphs(text, cite ?? NO_CITE)
  return (
    <div className="words">
      {nodes}
      {end}
    </div>
  )
})

type Cite = NonNullable<MarkdownProps['cite']>
const NO_CITE: Cite = () => null

/** A sign of Markdown, an address, the name of an emoji, or the beginning of a list, a rule or an indented line: words without any are the same with and without the parser. */
const MARKED =
  /[*_`#>|~\\[\]&<^]|\S\.\S|:\/\/|:[a-z0-9_+-]+:|^\s*(?:\d+[.)]|[-+])\s|^\s*[-=]{2,}\s*$|^(?: {4}|\t)/m

type Parse = (text: string) => Token[]
let parser: Parse | undefined
let emojiNamed: (name: string) => string | undefined = () => undefined
let loading: Promise<unknown> | undefined
const waiting = new Set<() => void>()

/** Loads the parser of Markdown; resolves when `Markdown` uses it. */
export function loadMarkdown(): Promise<unknown> {
  loading ??= import('./markdown-parser.ts').then(
    (later) => {
      parser = later.parse
      emojiNamed = later.emojiNamed
      for (const tell of waiting) tell()
    },
    () => {
      // The line was lost: the next words that need it ask again.
      loading = undefined
    },
  )
  return loading
}

function useParser(needed: boolean): Parse | undefined {
  const parse = useSyncExternalStore(
    (changed) => {
      waiting.add(changed)
      return () => waiting.delete(changed)
    },
    () => parser,
    () => parser,
  )
  useEffect(() => {
    if (needed && !parse) void loadMarkdown()
  }, [needed, parse])
  return needed ? parse : undefined
}

/** Words as they were written: an empty line parts paragraphs, a line's end is one. */
function paragraphs(text: string, cite: Cite): ReactNode[] {
  return text
    .trim()
    .split(/\n\s*\n/)
    .map((paragraph, index) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: paragraphs of one text never change places
      <p key={index}>
        {paragraph.split('\n').map((line, row) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: nor do its lines
          <Fragment key={row}>
            {row > 0 && <br />}
            {pieces(line, cite)}
          </Fragment>
        ))}
      </p>
    ))
}

interface Open {
  readonly token: Token | null
  readonly children: ReactNode[]
}

function build(tokens: readonly Token[], cite: Cite): ReactNode[] {
  const top: Open = { token: null, children: [] }
  const stack: Open[] = [top]
  const put = (node: ReactNode) => stack.at(-1)?.children.push(node)
  for (const [index, token] of tokens.entries()) {
    const key = String(index)
    if (token.nesting === 1) stack.push({ token, children: [] })
    else if (token.nesting === -1) {
      const open = stack.length > 1 ? stack.pop() : undefined
      if (open?.token) put(element(open.token, open.children, key))
    } else put(leaf(token, cite, key))
  }
  return top.children
}

function element(token: Token, children: ReactNode[], key: string): ReactNode {
  if (token.hidden) return createElement(Fragment, { key }, ...children)
  if (token.tag === 'a') {
    const href = String(token.attrGet('href') ?? '')
    return (
      <a key={key} href={href} target="_blank" rel="noopener noreferrer nofollow">
        {children}
      </a>
    )
  }
  if (HEADINGS.has(token.tag)) return createElement('p', { key, className: 'head' }, ...children)
  const start = token.tag === 'ol' ? token.attrGet('start') : null
  const props = { key, ...(start && { start: Number(start) }) }
  return TAGS.has(token.tag)
    ? createElement(token.tag, props, ...children)
    : createElement(Fragment, { key }, ...children)
}

function leaf(token: Token, cite: Cite, key: string): ReactNode {
  switch (token.type) {
    case 'inline':
      return createElement(Fragment, { key }, ...build(token.children ?? [], cite))
    case 'text':
      return <Fragment key={key}>{pieces(token.content, cite)}</Fragment>
    case 'softbreak':
    case 'hardbreak':
      return <br key={key} />
    case 'code_inline':
      return <code key={key}>{token.content}</code>
    case 'fence':
    case 'code_block':
      return <CodeBlock key={key} code={token.content} language={token.info.trim().split(/\s+/)[0] ?? ''} />
    case 'hr':
      return <hr key={key} />
    default:
      return token.content
  }
}

/** Plain words with `[n]`, `:name:`, `||hidden||` and `@name` picked out. */
function pieces(text: string, cite: Cite): ReactNode[] {
  const nodes: ReactNode[] = []
  let from = 0
  for (const match of text.matchAll(PIECES)) {
    const [whole, n, emoji, hidden, name] = match
    const key = String(match.index)
    const node = piece({ n, emoji, hidden, name }, cite, key)
    if (node === null) continue
    nodes.push(text.slice(from, match.index), node)
    from = match.index + whole.length
  }
  nodes.push(text.slice(from))
  return nodes
}

interface Piece {
  readonly n: string | undefined
  readonly emoji: string | undefined
  readonly hidden: string | undefined
  readonly name: string | undefined
}

function piece({ n, emoji, hidden, name }: Piece, cite: Cite, key: string): ReactNode {
  if (n) return cite(Number(n), key)
  if (emoji) return emojiNamed(emoji) ?? null
  if (hidden) return <Spoiler key={key}>{pieces(hidden, cite)}</Spoiler>
  return <Mention key={key} name={name ?? ''} />
}

/** Words that are read only after a press. */
function Spoiler({ children }: { children: ReactNode }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  return (
    <button
      type="button"
      className="spoiler"
      aria-expanded={open}
      aria-label={open ? undefined : t('talk.spoiler')}
      onClick={() => setOpen(!open)}
    >
      <span>{children}</span>
    </button>
  )
}

const Mention = ({ name }: { name: string }) => <span className="at">{name}</span>

const PLAIN = 200

/** The beginning of Markdown words without its signs, for a line that mentions them. */
export function plain(text: string): string {
  return text
    .slice(0, PLAIN)
    .replace(/\|\|.+?(\|\||$)/gs, '▒▒▒')
    .replace(/^```.*$|^[|\s:-]+$|\|/gm, ' ')
    .replace(/[*_`~>#]+|^\s*[-+]\s/gm, '')
    .replace(/\s+/g, ' ')
    .trim()
}
