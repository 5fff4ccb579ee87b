import { AppError } from '../../kernel/errors.ts'
import type { RunRequest } from '../agents/agents.contract.ts'
import type { PartOutcome } from '../city/messages.contract.ts'
import type { ArtefactCall, PartArtefacts } from './artefacts.ts'
import { readDataUrl } from './data-url.ts'
import type { RequestPart } from './router-v2.contract.ts'

export type RunPart = RunRequest['parts'][number]
type FilePart = Exclude<RequestPart, { type: 'text' }>

const MAX_PAGES_CHARS = 200_000

/** Makes what an agent can read of one file of a request. Never rejects but when the call is over: a failure is the part's own. */
export async function normalise(
  part: FilePart,
  index: number,
  artefacts: PartArtefacts,
  maxBytes: number,
  call: ArtefactCall,
): Promise<RunPart> {
  const name = part.name ?? `${part.type}-${index + 1}`
  const about = { type: part.type, name, mime: 'application/octet-stream', sizeBytes: 0 }
  try {
    const { bytes, mime } = readDataUrl(part.data, name, maxBytes)
    Object.assign(about, { mime, sizeBytes: bytes.length })
    return {
      ...about,
      state: 'done',
      ...(await outcomeOf(part.type, { bytes, mime, name }, artefacts, call)),
    }
  } catch (cause) {
    call.signal.throwIfAborted()
    return { ...about, state: 'failed', error: AppError.from(cause).toJSON().error }
  }
}

async function outcomeOf(
  type: FilePart['type'],
  source: { bytes: Uint8Array; mime: string; name: string },
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
