import MarkdownIt, { type Token } from 'markdown-it'

/** They come with the parser: names of emoji need both. */
export { emojiNamed } from '../messages/emoji.ts'
export type { Token }

const md = new MarkdownIt({ html: false, linkify: true, breaks: true }).disable(['image', 'reference'])

/** Words as Markdown: no HTML, no images. */
export const parse = (text: string): Token[] => md.parse(text, {})
