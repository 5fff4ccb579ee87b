import type { Facts } from '../../engines/routing/decide.ts'
import type { Modality } from '../../engines/routing/rules.ts'
import { beyondText, factsOfV1 } from '../../engines/routing/v1-form.ts'
import type { ArtefactSource } from './artefacts.ts'
import type { RequestPart, RouteRequest } from './router-v2.contract.ts'
import { routerV2Error } from './router-v2.errors.ts'

/** A part that is no words: its bytes are there, or named. */
export type FilePart = Extract<RequestPart, { type: 'audio' | 'image' | 'file' }> & {
  readonly source?: ArtefactSource
}
export type SearchPart = Extract<RequestPart, { type: 'search' }>
export type AskedPart = FilePart | SearchPart

/** A request of any form, in one. */
export interface Asked {
  /** v1's own form is answered in v1's envelope; v1.1 is v1 with files. */
  readonly form: 'v1' | 'v1.1' | 'v2'
  readonly text: string
  readonly parts: readonly AskedPart[]
  readonly system: string | null
  readonly facts: Facts
}

const MAX_PARTS = 10

export function asked(request: RouteRequest, uploads: readonly FilePart[], now: number): Asked {
  const { parts, message } = request
  const given = parts ?? []
  const carried = message === undefined ? [] : filesOfV11(request)
  const files: AskedPart[] = [
    ...given.flatMap((part) => (part.type === 'text' ? [] : [part])),
    ...carried,
    ...uploads,
  ]
  if (files.length > MAX_PARTS)
    throw routerV2Error('router_v2.broken_form', { detail: `more than ${MAX_PARTS} parts` })
  const words = given.flatMap((part) => (part.type === 'text' ? [part.text] : []))
  const text = message ?? words.join('\n\n').trim()
  const form = message === undefined ? 'v2' : files.length > 0 ? 'v1.1' : 'v1'
  const facts = factsOfV1({ ...request, message: text }, now)
  const { capabilities, maxUsd } = request
  return {
    form,
    text,
    parts: files,
    system: request.payload?.context?.system_prompt ?? null,
    facts: {
      ...facts,
      modalities: modalitiesOf(text, files),
      bytes: files.reduce((sum, part) => sum + bytesOf(part), 0),
      ...(capabilities && { capabilities }),
      ...(maxUsd !== undefined && { ceilingUsd: maxUsd }),
    },
  }
}

const modalitiesOf = (text: string, parts: readonly AskedPart[]): Modality[] => [
  ...new Set<Modality>([...(text === '' ? [] : ['text' as const]), ...parts.map(({ type }) => type)]),
]

/** Of what is kept elsewhere nobody knows before it is fetched. */
const bytesOf = (part: AskedPart): number => {
  if (part.type === 'search') return 0
  return part.source?.bytes.length ?? Math.floor(((part.data?.length ?? 0) * 3) / 4)
}

const KINDS = [
  ['images', 'image'],
  ['files', 'file'],
  ['audio', 'audio'],
] as const

/** The files of v1.1: each a data URL, or `{name?, data}`; one may stand alone without a list. */
function filesOfV11(request: RouteRequest): FilePart[] {
  if (beyondText(request) === null) return []
  const context: Readonly<Record<string, unknown>> = request.payload?.context ?? {}
  return KINDS.flatMap(([key, type]) => {
    const value = context[key] ?? []
    const items: readonly unknown[] = Array.isArray(value) ? value : value === '' ? [] : [value]
    return items.map((item): FilePart => {
      if (typeof item === 'string') return { type, data: item }
      const { name, data, url } = Object(item) as Readonly<Record<string, unknown>>
      const named = typeof name === 'string' ? { name: name.slice(0, 200) } : {}
      const written = [data, url].find((one) => typeof one === 'string')
      // What is no data URL fails as its own part, and loses nothing else.
      return { type, ...named, data: typeof written === 'string' ? written : '' }
    })
  })
}
