import type { Message, Part } from '../messages.contract.ts'
import { pathOf } from './archive.ts'
import { minute, readIn } from './transcripts.ts'

/** Text as it stands in HTML, also within quotes of an attribute. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"'`\0]/g, (sign) => SIGNS[sign] ?? `&#${sign.charCodeAt(0)};`)

const SIGNS: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\0': '',
}

/** The address of a file of the archive as a page beside it names it: no sign of it can end the attribute or name a scheme. */
const hrefOf = (part: { readonly file: string; readonly name: string }): string =>
  pathOf({ id: part.file, name: part.name }).split('/').map(encodeURIComponent).join('/')

const STYLE = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}
article{border-top:1px solid #8884;padding:.75rem 0}header{font-size:.875rem}header b{font-size:1rem}.t{white-space:pre-wrap;overflow-wrap:anywhere}
.m{opacity:.75;font-size:.875rem}img,video{max-width:100%;max-height:30rem}blockquote{margin:.5rem 0;padding-left:.75rem;border-left:3px solid #8886;white-space:pre-wrap}`

/** The beginning of a page that runs nothing and loads nothing but the files beside it. `lang` is not claimed: people's words are in many. */
export const pageStart = (title: string): string =>
  `<!doctype html><html><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src 'self' file:; media-src 'self' file:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"><meta name="viewport" content="width=device-width"><meta name="referrer" content="no-referrer"><title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body><main><h1>${escapeHtml(title)}</h1>\n`

export const PAGE_END = '</main></body></html>\n'

/** A message as a part of a page; `pageOf` says in which page a message stands, where it is in the archive. */
export function toHtml(message: Message, anchor: (id: string) => string | undefined): string {
  const { author, deleted, poll, reactions = [] } = message
  const at = `<time datetime="${escapeHtml(message.createdAt)}">${minute(message.createdAt)}</time>`
  const head = `<article id="m-${escapeHtml(message.id)}"><header><b>${escapeHtml(author.name)}</b> ${at} <span class="m">#${message.seq}</span></header>`
  if (deleted) return `${head}<p class="m">This message was deleted.</p></article>\n`
  const marks = [
    message.forwarded && `Forwarded from ${escapeHtml(message.forwarded.author.name)}`,
    message.imported && `Imported from ${message.imported.from}`,
    message.replyTo && link(anchor(message.replyTo), 'In reply to a message'),
    message.thread && link(anchor(message.thread), 'In a thread'),
    message.editedAt && `Edited ${minute(message.editedAt)}`,
    message.pinned && 'Pinned',
    message.engine && `Written by ${escapeHtml(message.engine)}`,
  ].filter(Boolean)
  return [
    head,
    marks.length > 0 ? `<p class="m">${marks.join(' · ')}</p>` : '',
    message.text ? `<div class="t">${escapeHtml(message.text)}</div>` : '',
    ...message.parts.map(partHtml),
    poll
      ? `<p><b>${escapeHtml(poll.question)}</b></p><ul>${poll.options.map((o) => `<li>${escapeHtml(o.text)} — ${o.votes}</li>`).join('')}</ul>`
      : '',
    ...(message.citations ?? []).map(
      (one) => `<p class="m">[${one.n}] ${escapeHtml(one.title)}: ${escapeHtml(one.quote)}</p>`,
    ),
    reactions.length > 0
      ? `<p class="m">${reactions.map(({ emoji, count }) => `${escapeHtml(emoji)} ${count}`).join(' ')}</p>`
      : '',
    '</article>\n',
  ].join('')
}

const link = (href: string | undefined, text: string): string =>
  href === undefined ? text : `<a href="${escapeHtml(href)}">${text}</a>`

function partHtml(part: Part): string {
  const href = escapeHtml(hrefOf(part))
  const name = escapeHtml(part.name)
  const read = readIn(part)
  const shown =
    part.type === 'image'
      ? `<a href="${href}"><img src="${href}" alt="${name}" loading="lazy"></a>`
      : part.type === 'audio'
        ? `<audio controls preload="none" src="${href}"></audio> <a href="${href}" download>${name}</a>`
        : `<a href="${href}" download>${name}</a>`
  return `<p>${shown}</p>${read ? `<blockquote>${escapeHtml(read)}</blockquote>` : ''}`
}
