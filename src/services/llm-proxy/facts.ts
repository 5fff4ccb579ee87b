import { languageOf } from '../../engines/llm/librarian-words.ts'
import type { ChatRequest } from '../../engines/llm/llm.ts'
import type { Target } from './models.ts'
import type { Capability } from './models-file.ts'

const CHARS_PER_TOKEN = 3
const TOKENS_PER_PICTURE = 1_000
const TOKENS_PER_MESSAGE = 4
const USUAL_OUTPUT = 2_048
/** US dollars are counted in billionths, so that a token's price is a whole number. */
export const NANO = 1_000_000_000

/** What a request asks for, as far as it decides who can take it and what it may cost. */
export interface Facts {
  readonly needs: readonly Capability[]
  /** Counted by letters, so rather too many than too few. */
  readonly inputTokens: number
  readonly language: 'uk' | 'en'
}

/** Each is found out when somebody asks for it: most requests name a model of which nothing has to be known. */
export function factsOf(request: ChatRequest): Facts {
  let needs: readonly Capability[] | undefined
  let tokens: number | undefined
  let language: Facts['language'] | undefined
  return {
    get needs() {
      needs ??= needsOf(request)
      return needs
    },
    get inputTokens() {
      tokens ??= inputTokens(request)
      return tokens
    },
    get language() {
      language ??= languageOf(lastSaid(request))
      return language
    },
  }
}

function needsOf(request: ChatRequest): Capability[] {
  const needs = new Set<Capability>()
  const { tools, functions, response_format: format, logprobs } = request
  if (isFilled(tools) || isFilled(functions)) needs.add('tools')
  if (isObject(format) && String(format.type).startsWith('json')) needs.add('json')
  if (logprobs === true) needs.add('logprobs')
  for (const { content } of request.messages) {
    if (!Array.isArray(content)) continue
    for (const part of content) {
      if (!isObject(part)) continue
      if (part.type === 'image_url') needs.add('images')
      if (part.type === 'input_audio') needs.add('audio')
    }
  }
  return [...needs]
}

function lastSaid({ messages }: ChatRequest): string {
  for (let at = messages.length - 1; at >= 0; at--) {
    const message = messages[at]
    const said = message?.role === 'user' ? textOf(message.content) : ''
    if (said !== '') return said
  }
  return ''
}

/** About how many tokens go in. */
export function inputTokens({ messages, tools }: ChatRequest): number {
  let chars = tools === undefined ? 0 : JSON.stringify(tools).length
  let tokens = 0
  for (const { content, tool_calls: calls } of messages) {
    tokens += TOKENS_PER_MESSAGE
    if (calls !== undefined && calls !== null) chars += JSON.stringify(calls).length
    if (typeof content === 'string') chars += content.length
    else if (Array.isArray(content))
      for (const part of content)
        if (isObject(part))
          if (typeof part.text === 'string') chars += part.text.length
          else tokens += TOKENS_PER_PICTURE
  }
  return tokens + Math.ceil(chars / CHARS_PER_TOKEN)
}

export const tokensOf = (chars: number): number => Math.ceil(chars / CHARS_PER_TOKEN)

/** The longest answer that a request allows. */
export function outputTokens(request: ChatRequest, { settings }: Pick<Target, 'settings'>): number {
  const asked = Number(request.max_completion_tokens ?? request.max_tokens ?? Number.NaN)
  const limit = settings.max_output ?? Number.POSITIVE_INFINITY
  const each = Number.isFinite(asked) && asked > 0 ? asked : Math.min(USUAL_OUTPUT, limit)
  const choices = Number(request.n ?? 1)
  return Math.ceil(Math.min(each, limit)) * (Number.isInteger(choices) && choices > 0 ? choices : 1)
}

/** In billionths of a US dollar, rounded up. */
export function costOf(
  { settings: { price } }: Pick<Target, 'settings'>,
  used: { readonly tokensIn: number; readonly tokensOut: number; readonly cached?: number },
): number {
  if (!price) return 0
  const cached = Math.min(used.cached ?? 0, used.tokensIn)
  const perToken = (dollars: number) => dollars * 1_000
  return Math.ceil(
    (used.tokensIn - cached) * perToken(price.input) +
      cached * perToken(price.cached ?? price.input) +
      used.tokensOut * perToken(price.output),
  )
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content
    .flatMap((part) => (isObject(part) && typeof part.text === 'string' ? [part.text] : []))
    .join(' ')
}

const isFilled = (value: unknown): boolean => Array.isArray(value) && value.length > 0
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
