import { z } from 'zod'
import type { ChatRequest } from '../../engines/llm/llm.ts'
import type { Target } from './models.ts'

/** Each is bounded and reads its text once: none goes back over what it has read. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [
    /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^"]{0,20000}?-----END [A-Z ]{0,40}PRIVATE KEY-----/g,
    '[private key]',
  ],
  // Keys of providers, of this city, of code hosts, of clouds, of messengers.
  [/\b(?:sk|rk|pk)-[A-Za-z0-9_-]{16,200}/g, '[key]'],
  [/\bdk_[A-Za-z0-9_-]{16,200}/g, '[key]'],
  [/\b(?:ghp|gho|ghu|ghs|ghr|github_pat|glpat)[_-][A-Za-z0-9_-]{16,255}/g, '[key]'],
  [/\bAKIA[0-9A-Z]{16}\b/g, '[key]'],
  [/\bAIza[0-9A-Za-z_-]{35}/g, '[key]'],
  [/\bxox[abprs]-[0-9A-Za-z-]{10,200}/g, '[key]'],
  [/\b\d{8,10}:[A-Za-z0-9_-]{35}\b/g, '[key]'],
  [/\beyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10,2000}/g, '[token]'],
  [/\b([a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@"]{1,100}):[^\s:/@"]{1,200}@/gi, '$1:[password]@'],
]

const PERSONAL: readonly (readonly [RegExp, string])[] = [
  [/[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/g, '[e-mail]'],
  [/\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b/g, '[account]'],
  [/\b\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}\b/g, '[card]'],
  [/\+\d{1,3}[ (-]{0,2}\d{2,4}[ )-]{0,2}\d{2,4}(?:[ -]?\d{2,4}){1,3}/g, '[phone]'],
]

type Rules = Target['redact']

/** A value without what may not reach a foreign provider: every text in it, however deep; the same value where there is nothing to cut. Pictures and sounds are not looked into. */
export function redacted(value: unknown, rules: Rules): unknown {
  if (rules === 'none') return value
  if (typeof value === 'string') return value.startsWith('data:') ? value : redactText(value, rules)
  if (Array.isArray(value)) {
    const items = value.map((item) => redacted(item, rules))
    return items.some((item, i) => item !== value[i]) ? items : value
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  const clean = entries.map(([key, inner]) => [key, redacted(inner, rules)] as const)
  return clean.some(([, inner], i) => inner !== entries[i]?.[1]) ? Object.fromEntries(clean) : value
}

function redactText(said: string, rules: Rules): string {
  let text = said.includes(KEY_BEGINS) ? withoutPrivateKeys(said) : said
  for (const [pattern, instead] of rules === 'personal' ? [...SECRETS, ...PERSONAL] : SECRETS)
    text = text.replace(pattern, instead)
  return text
}

const KEY_BEGINS = '-----BEGIN '
const KEY_ENDS = 'PRIVATE KEY-----'

/** From where a private key begins to where it ends, or to the end of the text where it does not. */
function withoutPrivateKeys(text: string): string {
  let out = ''
  let from = 0
  for (let at = text.indexOf(KEY_BEGINS); at >= 0; at = text.indexOf(KEY_BEGINS, from)) {
    const name = at + KEY_BEGINS.length
    const head = text.slice(name, name + 60).indexOf(KEY_ENDS)
    if (head < 0) {
      out += text.slice(from, name)
      from = name
      continue
    }
    out += `${text.slice(from, at)}[private key]`
    const end = text.indexOf(KEY_ENDS, name + head + KEY_ENDS.length)
    from = end < 0 ? text.length : end + KEY_ENDS.length
  }
  return out + text.slice(from)
}

const Messages = z.array(z.looseObject({ role: z.string() })).min(1)

/** The request without what may not leave; null where it holds nothing of that. */
export function redactRequest(request: ChatRequest, { redact }: Pick<Target, 'redact'>): ChatRequest | null {
  const messages = redacted(request.messages, redact)
  return messages === request.messages ? null : { ...request, messages: Messages.parse(messages) }
}
