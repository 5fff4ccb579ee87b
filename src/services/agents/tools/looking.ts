import { z } from 'zod'
import type { Client } from '../../../kernel/contract.ts'
import type { cityContract } from '../../city/city.contract.ts'
import type { knowledgeContract } from '../../knowledge/knowledge.contract.ts'
import type { multimodalGatewayContract } from '../../multimodal-gateway/multimodal-gateway.contract.ts'
import { agentsError } from '../agents.errors.ts'
import { passagesOf } from '../context.ts'
import { mayLeave, sameAddress } from './outward.ts'
import { type Tool, type ToolUse, tool } from './tool.ts'

/** What was heard in a recording. */
export type Transcribe = (
  file: string,
  asker: Pick<ToolUse, 'signal'> & { readonly principal: ToolUse['asker'] },
) => Promise<{ readonly text: string }>

/** The services that tools look into; each may be absent, and may come later. */
export interface LookingNeeds {
  readonly city: Pick<Client<typeof cityContract>, 'search' | 'reports'> | undefined
  readonly knowledge: Pick<Client<typeof knowledgeContract>, 'search'> | undefined
  gateway():
    | Pick<Client<typeof multimodalGatewayContract>, 'search' | 'read' | 'ocr' | 'describe'>
    | undefined
  readonly transcribe: Transcribe | undefined
}

const Query = z.string().trim().min(1).max(300)
const HITS = 8
const PAGE_PASSAGES = 10

/** Tools that look and change nothing, always with the asker's rights and never beyond what may be said in this room. */
export function lookingTools({ city, knowledge, gateway, transcribe }: LookingNeeds): Tool[] {
  const as = ({ asker, requestId, signal }: ToolUse) => ({ principal: asker, requestId, signal })
  const there = <T>(service: T | undefined): T => {
    if (!service) throw agentsError('agents.tool_absent')
    return service
  }
  const look = { foreign: true, repeatable: true } as const

  return [
    tool({
      ...look,
      name: 'search_room',
      about: { en: 'Searches what was said', uk: 'Шукає в сказаному' },
      description: 'Find what was said, heard and filed in this room, by words and by meaning.',
      risk: 'read',
      input: z.object({ query: Query }),
      timeoutMs: 15_000,
      available: () => city !== undefined,
      async run({ query }, use) {
        if (!use.room && !use.alone) return { sources: [] }
        const where = use.room && !use.alone ? { in: use.room.id } : {}
        const { items } = await there(city).search({ q: plain(query), ...where, limit: HITS }, as(use))
        const sources = items.map(({ kind, title, author, snippet, message, page }) => ({
          kind: kind === 'document' ? ('document' as const) : ('message' as const),
          title: title ?? author.name,
          text: snippet.text,
          message,
          ...(page !== undefined && { page }),
        }))
        return { sources }
      },
    }),
    tool({
      ...look,
      name: 'search_knowledge',
      about: { en: 'Searches documents', uk: 'Шукає в документах' },
      description: 'Find passages in the documents of this room.',
      risk: 'read',
      input: z.object({ query: Query }),
      timeoutMs: 20_000,
      available: () => knowledge !== undefined,
      async run({ query }, use) {
        const { collections } = use.agent.settings.knowledge
        const room = use.room && !use.alone ? [use.room.id] : undefined
        const asked = { query, limit: HITS }
        const wheres = [
          room ? { rooms: room } : {},
          ...(room && collections.length > 0 ? [{ collections: [...collections] }] : []),
        ]
        const found = await Promise.all(
          wheres.map((where) => there(knowledge).search({ ...asked, ...where }, as(use))),
        )
        const sources = found
          .flatMap(({ items }) => items)
          .sort((a, b) => b.score - a.score)
          .slice(0, HITS)
          .map(({ document, title, page, text }) => ({
            kind: 'document' as const,
            document,
            title,
            page,
            text,
          }))
        return { sources }
      },
    }),
    tool({
      ...look,
      name: 'search_web',
      about: { en: 'Searches the internet', uk: 'Шукає в інтернеті' },
      description: 'Find places on the internet. The query leaves the city: put nothing private in it.',
      risk: 'outward',
      input: z.object({ query: Query }),
      timeoutMs: 20_000,
      available: () => gateway() !== undefined,
      async run({ query }, use) {
        if (!mayLeave(query, use)) throw agentsError('agents.words_not_given')
        const { items } = await there(gateway()).search({ query, limit: HITS }, as(use))
        const sources = items.map(({ title, url, text }) => ({ kind: 'web' as const, title, url, text }))
        return { sources, addresses: items.map(({ url }) => url) }
      },
    }),
    tool({
      ...look,
      name: 'read_page',
      about: { en: 'Reads a page of the internet', uk: 'Читає сторінку в інтернеті' },
      description: 'Read a page of the internet whose address the asker named or search_web found.',
      risk: 'outward',
      input: z.object({ url: z.url({ protocol: /^https?$/ }).max(2_000) }),
      timeoutMs: 30_000,
      available: () => gateway() !== undefined,
      async run({ url }, use) {
        // An address made up by the model could carry away what it has read.
        if (![...use.addresses].some((known) => sameAddress(known, url)))
          throw agentsError('agents.address_not_given')
        const page = await there(gateway()).read({ url }, as(use))
        const passages = passagesOf(page.markdown).slice(0, PAGE_PASSAGES)
        return {
          sources: passages.map((text) => ({ kind: 'web' as const, title: page.title, url: page.url, text })),
        }
      },
    }),
    tool({
      ...look,
      name: 'read_image',
      about: { en: 'Reads an image', uk: 'Читає зображення' },
      description: 'Read the words of an image that came with the question, and what is seen in it.',
      risk: 'read',
      input: z.object({ file: z.string().max(64) }),
      timeoutMs: 90_000,
      available: () => gateway() !== undefined,
      async run({ file }, use) {
        const door = there(gateway())
        refuseStrangeFile(file, use)
        const [read, seen] = await Promise.allSettled([
          door.ocr({ source: file }, as(use)),
          door.describe({ source: file }, as(use)),
        ])
        if (read.status === 'rejected' && seen.status === 'rejected') throw read.reason
        const words = read.status === 'fulfilled' ? read.value.text : ''
        const objects = seen.status === 'fulfilled' ? seen.value.objects : []
        const text = [words, objects.map(({ label }) => label.uk).join(', ')].filter(Boolean).join('\n')
        return { sources: [{ kind: 'part', title: file, text }] }
      },
    }),
    tool({
      ...look,
      name: 'transcribe',
      about: { en: 'Writes down a recording', uk: 'Записує почуте' },
      description: 'Write down what is said in a recording that came with the question.',
      risk: 'read',
      input: z.object({ file: z.string().max(64) }),
      timeoutMs: 180_000,
      available: () => transcribe !== undefined,
      async run({ file }, use) {
        refuseStrangeFile(file, use)
        const { text } = await there(transcribe)(file, { principal: use.asker, signal: use.signal })
        return { sources: passagesOf(text).map((piece) => ({ kind: 'part', title: file, text: piece })) }
      },
    }),
    tool({
      ...look,
      name: 'list_reports',
      about: { en: 'Lists reports that wait', uk: 'Перелічує скарги, що чекають' },
      description: 'List the reports that wait for the asker, where they keep rooms.',
      risk: 'read',
      input: z.object({}),
      timeoutMs: 15_000,
      available: () => city !== undefined,
      async run(_, use) {
        // Whoever else is in the room may not see them.
        if (!use.alone) throw agentsError('agents.tool_refused')
        const { items } = await there(city).reports({ state: 'waiting' }, as(use))
        return { text: items.map((one) => JSON.stringify(one)).join('\n') }
      },
    }),
  ]
}

/** A query without what the search would take for a filter, such as another room. */
const plain = (query: string): string => query.replaceAll(/\b(?:from|in|has|before|after):/gi, '')

function refuseStrangeFile(file: string, { files, alone }: ToolUse): void {
  if (!alone && !files.includes(file)) throw agentsError('agents.tool_refused')
}
