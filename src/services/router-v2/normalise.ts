import type { Client } from '../../kernel/contract.ts'
import { AppError } from '../../kernel/errors.ts'
import { filesError } from '../../platform/files/files.errors.ts'
import type { Files } from '../../platform/files/files.ts'
import type { RunRequest } from '../agents/agents.contract.ts'
import type { cityContract } from '../city/city.contract.ts'
import type { PartOutcome } from '../city/messages.contract.ts'
import type { knowledgeContract } from '../knowledge/knowledge.contract.ts'
import type { multimodalGatewayContract } from '../multimodal-gateway/multimodal-gateway.contract.ts'
import type { ArtefactCall, ArtefactSource, PartArtefacts } from './artefacts.ts'
import type { AskedPart, FilePart, SearchPart } from './asked.ts'
import { readDataUrl } from './data-url.ts'
import type { AnsweredPart } from './router-v2.contract.ts'
import { routerV2Error } from './router-v2.errors.ts'

export type RunPart = RunRequest['parts'][number]

export interface NormaliseNeeds {
  readonly artefacts: PartArtefacts
  readonly maxPartBytes: number
  /** Without them a part cannot name a stored file. */
  readonly stored?:
    | { readonly files: Pick<Files, 'read'>; city(): Pick<Client<typeof cityContract>, 'file'> | undefined }
    | undefined
  readonly knowledge?: (() => Pick<Client<typeof knowledgeContract>, 'search'> | undefined) | undefined
  readonly web?: (() => Pick<Client<typeof multimodalGatewayContract>, 'search'> | undefined) | undefined
}

/** A part as an agent reads it, and as whoever asked is told of it. */
export interface Normal {
  readonly run: RunPart
  readonly shown: AnsweredPart
}

const MAX_PAGES_CHARS = 200_000

/** Makes what an agent can read of one part of a request. Never rejects but when the call is over: a failure is the part's own. */
export async function normalise(
  part: AskedPart,
  index: number,
  room: string | null,
  needs: NormaliseNeeds,
  call: ArtefactCall,
): Promise<Normal> {
  const name = (part.type === 'search' ? part.query : part.name) ?? `${part.type}-${index + 1}`
  const about = {
    name,
    mime: part.type === 'search' ? 'text/plain' : 'application/octet-stream',
    sizeBytes: 0,
  }
  const type = part.type === 'search' ? 'file' : part.type
  const shown = ({ sizeBytes: _size, ...rest }: typeof about) => ({ ...rest, type: part.type })
  try {
    if (part.type === 'search') {
      const found = await look(part, room, needs, call)
      const pages = found.map(({ title, text }, at) => ({ number: at + 1, text: `${title}\n${text}` }))
      const run = { ...about, type, state: 'done' as const, pages: bounded(pages) }
      return { run, shown: { ...shown(about), state: 'done', found } }
    }
    const source = await sourceOf(part, name, needs, call)
    Object.assign(about, {
      name: part.name ?? source.name,
      mime: source.mime,
      sizeBytes: source.bytes.length,
    })
    const { pages, ...outcome } = await outcomeOf(part.type, source, needs.artefacts, call)
    const run = { ...about, type, state: 'done' as const, ...outcome, ...(pages && { pages }) }
    return { run, shown: { ...shown(about), state: 'done', ...outcome } }
  } catch (cause) {
    call.signal.throwIfAborted()
    const error = AppError.from(cause).toJSON().error
    return {
      run: { ...about, type, state: 'failed', error },
      shown: { ...shown(about), state: 'failed', error },
    }
  }
}

async function sourceOf(
  part: FilePart,
  name: string,
  { stored, maxPartBytes }: NormaliseNeeds,
  { principal, signal }: ArtefactCall,
): Promise<ArtefactSource> {
  if (part.source) return part.source
  if (part.file === undefined) return { ...readDataUrl(part.data ?? '', name, maxPartBytes), name }
  const city = stored?.city()
  if (!stored || !city) throw routerV2Error('router_v2.no_stored_files', { name })
  const file = await city.file({ file: part.file }, { principal, signal })
  if (file.sizeBytes > maxPartBytes)
    throw filesError('file.too_large', { maxMegabytes: Math.floor(maxPartBytes / 1024 ** 2) })
  return { bytes: await stored.files.read(file.sha256), mime: file.mime, name: file.name }
}

async function look(
  { query, where, limit }: SearchPart,
  room: string | null,
  { knowledge, web }: NormaliseNeeds,
  { principal, signal }: ArtefactCall,
): Promise<NonNullable<AnsweredPart['found']>> {
  const options = { principal, signal }
  if (where === 'web') {
    const gateway = web?.()
    if (!gateway) throw routerV2Error('router_v2.no_search', { where })
    const { items } = await gateway.search({ query, limit }, options)
    return items.map(({ title, url, text }) => ({ title, url, text }))
  }
  const library = knowledge?.()
  if (!library) throw routerV2Error('router_v2.no_search', { where })
  const { items } = await library.search({ query, limit, ...(room !== null && { rooms: [room] }) }, options)
  return items.map(({ title, document, page, text }) => ({ title, document, page, text }))
}

async function outcomeOf(
  type: FilePart['type'],
  source: ArtefactSource,
  artefacts: PartArtefacts,
  call: ArtefactCall,
): Promise<PartOutcome & Pick<RunPart, 'pages'>> {
  if (type === 'audio') return { transcript: await artefacts.transcribe(source, call) }
  if (type === 'image') {
    const { text, confidence, engine } = await artefacts.read(source, call)
    return { ocr: { text, confidence, engine } }
  }
  const { pages } = await artefacts.parse(source, call)
  const count = (state: (typeof pages)[number]['state']) =>
    pages.filter((page) => page.state === state).length
  const counts = { read: count('read'), ocr: count('ocr'), empty: count('empty'), failed: count('failed') }
  // A program's document is kept nowhere, so it has no id.
  return { document: { id: '', pages: { ...counts, total: pages.length } }, pages: bounded(pages) }
}

/** The pages that fit into one request to an agent, from the first. */
function bounded(pages: readonly { number: number; text: string }[]): { number: number; text: string }[] {
  let left = MAX_PAGES_CHARS
  const kept: { number: number; text: string }[] = []
  for (const { number, text } of pages) {
    if (left <= 0) break
    if (text !== '') kept.push({ number, text: text.slice(0, left) })
    left -= text.length
  }
  return kept
}

/** What a part says in words, for a model that is asked without an agent; empty where it says nothing. */
export function wordsOf({ transcript, ocr, pages = [], error }: RunPart): string {
  if (error) return ''
  return [transcript?.text ?? '', ocr?.text ?? '', ...pages.map(({ text }) => text)]
    .filter(Boolean)
    .join('\n\n')
}
