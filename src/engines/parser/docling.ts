import { z } from 'zod'
import { deadline } from '../../kernel/deadline.ts'
import { AppError, kernelError } from '../../kernel/errors.ts'
import type { Secret } from '../../kernel/secret.ts'
import { engineError } from '../engine.errors.ts'
import { bytesOf } from '../foreign-file.ts'
import { claimedType, DOCX, kindOf, PPTX, XLSX } from '../media/accepted.ts'
import { refusal } from '../openai-http.ts'
import { draftsOf } from './docling-pages.ts'
import { titleFrom } from './local.ts'
import { outlineOf } from './opened.ts'
import type { ParsedDocument, Parser } from './parser.ts'
import type { Draft } from './sections.ts'

export interface DoclingServer {
  /** Its base URL, without `/v1`. */
  readonly url: string
  /** Sent as `X-Api-Key`. */
  readonly key?: Secret | null
  /** 500 pages unless told. */
  readonly maxPages?: number
  /** 10 minutes unless told: layout models take seconds a page. */
  readonly deadlineMs?: number
  readonly fetch?: typeof fetch
}

const DEADLINE_MS = 10 * 60_000
const MAX_ANSWER_BYTES = 128 * (1 << 20)

const Answer = z.object({
  status: z.string(),
  document: z.object({ json_content: z.unknown() }),
  errors: z.array(z.object({ error_message: z.string().optional() })).default([]),
})

/**
 * A server that answers as docling-serve does: `POST /v1/convert/file`, one file, its answer as a DoclingDocument. It reads pictures of writing itself, so
 * its pages are never `scan`. A page it left out is `empty` where the whole succeeded, `failed` where only a part did. What it does not read, cannot
 * convert or cannot unlock is `engine.refused`, so that the next parser tries and says what the file lacks. Also fails with `engine.unreachable`,
 * `engine.cut`, `call.timeout`, `file.too_many_pages`.
 */
export function createDocling(server: DoclingServer): Parser {
  const { maxPages = 500 } = server
  const base = server.url.replace(/\/+$/, '')
  const engine = new URL(server.url).host
  return {
    name: 'docling',
    async parse(document, { onPage, onProgress, signal, skip }) {
      if (signal?.aborted) throw AppError.from(signal.reason)
      if (!isTaken(document)) throw engineError('engine.refused', { engine, status: 415 })
      const bytes = await bytesOf(document)
      if (bytes.length === 0) throw engineError('file.empty')
      const pages = await convert(server, { base, engine }, { ...document, bytes }, signal)
      if (pages.length > maxPages)
        throw engineError('file.too_many_pages', { pages: pages.length, limit: maxPages })
      for (const [index, page] of pages.entries()) {
        if (signal?.aborted) throw AppError.from(signal.reason)
        if (!skip?.has(index + 1)) await onPage({ ...page, number: index + 1 }, pages.length)
        if (signal?.aborted) throw AppError.from(signal.reason)
        onProgress?.((index + 1) / pages.length)
      }
      return about(pages, document.name)
    },
  }
}

function about(pages: readonly Draft[], name: string): ParsedDocument {
  const headings = pages.flatMap((page) => page.headings ?? [])
  const title = headings.find(({ level }) => level === 1) ?? headings[0]
  const outline = outlineOf(pages)
  return {
    title: title?.text ?? titleFrom(name),
    total: pages.length,
    engine: 'docling/serve',
    ...(outline && { outline }),
  }
}

async function convert(
  { deadlineMs = DEADLINE_MS, fetch: send = fetch, key }: DoclingServer,
  { base, engine }: { readonly base: string; readonly engine: string },
  file: { readonly bytes: Uint8Array; readonly mime: string; readonly name: string },
  signal: AbortSignal | undefined,
): Promise<readonly Draft[]> {
  const limit = deadline(deadlineMs)
  const form = new FormData()
  form.append('files', new Blob([Uint8Array.from(file.bytes)], { type: file.mime }), file.name)
  for (const [name, value] of OPTIONS) form.append(name, value)
  // A form goes as bytes: called off while it streams, it leaves a rejection in Node 24 that nobody can handle.
  const body = new Response(form)
  try {
    const response = await send(`${base}/v1/convert/file`, {
      method: 'POST',
      headers: {
        ...(key && { 'x-api-key': key.reveal() }),
        accept: 'application/json',
        'content-type': body.headers.get('content-type') ?? '',
      },
      body: await body.arrayBuffer(),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    })
    if (!response.ok) throw refusal(response, engine)
    const answer = Answer.safeParse(JSON.parse(await textOf(response, engine)))
    if (!answer.success) throw engineError('engine.cut', { engine }, { cause: answer.error })
    const { document, status } = answer.data
    if (status === 'failure' || status === 'skipped')
      throw engineError('engine.refused', { engine, status: 422 })
    const pages = draftsOf(document.json_content, status === 'success' ? 'empty' : 'failed')
    if (!pages) throw engineError('engine.cut', { engine })
    return pages
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    if (signal?.aborted) throw AppError.from(signal.reason)
    if (limit.aborted) throw kernelError('call.timeout', {}, { cause })
    if (cause instanceof SyntaxError) throw engineError('engine.cut', { engine }, { cause })
    throw engineError('engine.unreachable', { engine }, { cause })
  }
}

const TAKEN: ReadonlySet<string> = new Set([
  'application/pdf',
  DOCX,
  PPTX,
  XLSX,
  'text/html',
  'text/markdown',
  'text/plain',
  'text/csv',
])

/** The kinds every docling-serve reads; an image is one more. */
function isTaken(file: { readonly mime: string; readonly name: string }): boolean {
  const mime = claimedType(file) ?? ''
  return TAKEN.has(mime) || kindOf(mime) === 'image'
}

const OPTIONS = [
  ['to_formats', 'json'],
  ['image_export_mode', 'placeholder'],
  ['do_ocr', 'true'],
  ['do_table_structure', 'true'],
  ['abort_on_error', 'false'],
] as const

/** No more than a bounded answer is kept. */
async function textOf(response: Response, engine: string): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const piece of response.body ?? []) {
    bytes += piece.length
    if (bytes > MAX_ANSWER_BYTES) throw engineError('engine.cut', { engine })
    text += decoder.decode(piece, { stream: true })
  }
  return text + decoder.decode()
}
