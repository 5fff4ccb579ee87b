import { z } from 'zod'
import { tableOfRows } from './markdown.ts'
import type { Place } from './parser.ts'
import { type Block, cutPages, type Draft, draftOf, headingBlock, tableBlock } from './sections.ts'

const Ref = z.object({ $ref: z.string() })
const Prov = z.array(z.object({ page_no: z.number().int() })).default([])
const Node = z.object({ children: z.array(Ref).default([]), prov: Prov, label: z.string().default('') })
const Text = Node.extend({
  text: z.string().default(''),
  level: z.number().int().optional(),
  marker: z.string().optional(),
  enumerated: z.boolean().optional(),
})
const Cell = z.object({ text: z.string().default(''), column_header: z.boolean().default(false) })
const Table = Node.extend({ data: z.object({ grid: z.array(z.array(Cell)).default([]) }) })

/** What we read of a DoclingDocument (docling-core's schema 1.x). */
const Doc = z.object({
  body: Node,
  texts: z.array(Text).default([]),
  tables: z.array(Table).default([]),
  pictures: z.array(Node).default([]),
  groups: z.array(Node).default([]),
  pages: z.record(z.string(), z.unknown()).default({}),
})
type Doc = z.infer<typeof Doc>

const MAX_ITEMS = 200_000
const MAX_DEPTH = 60

/**
 * The pages of a DoclingDocument in the order of its body; where it has none (a text, a web page), sections. A page it names but says nothing of is as
 * `missing` says. Null where it is no such document.
 */
export function draftsOf(json: unknown, missing: 'empty' | 'failed'): readonly Draft[] | null {
  const parsed = Doc.safeParse(json)
  if (!parsed.success) return null
  const doc = parsed.data
  const items: { page: number; block: Block }[] = []
  walk(doc, doc.body, 0, items)
  const numbers = Object.keys(doc.pages).map(Number).filter(Number.isInteger)
  const total = Math.max(0, ...numbers, ...items.map(({ page }) => page))
  if (total === 0) {
    const sections = cutPages(items.map(({ block }) => block))
    return sections.length > 0 ? sections : [{ state: 'empty', text: '' }]
  }
  if (total > 100_000) return null
  const byPage = new Map<number, Block[]>()
  for (const { block, page } of items) {
    const blocks = byPage.get(page) ?? []
    blocks.push(block)
    byPage.set(page, blocks)
  }
  return Array.from({ length: total }, (_, index): Draft => {
    const place: Place = { kind: 'page', label: `${index + 1}` }
    const blocks = byPage.get(index + 1) ?? []
    return blocks.length > 0
      ? draftOf(blocks, place)
      : { state: missing, text: '', place, ...(missing === 'failed' && { error: 'page.failed' }) }
  })
}

function walk(
  doc: Doc,
  node: z.infer<typeof Node>,
  depth: number,
  items: { page: number; block: Block }[],
): void {
  if (depth > MAX_DEPTH) return
  for (const { $ref } of node.children) {
    if (items.length > MAX_ITEMS) return
    const [, kind = '', index = ''] = /^#\/(texts|tables|pictures|groups)\/(\d+)$/.exec($ref) ?? []
    const at = Number(index)
    const inner =
      kind === 'texts'
        ? doc.texts[at]
        : kind === 'tables'
          ? doc.tables[at]
          : kind === 'pictures'
            ? doc.pictures[at]
            : doc.groups[at]
    if (!inner || kind === '') continue
    const block =
      kind === 'texts' ? textBlock(doc.texts[at]) : kind === 'tables' ? gridBlock(doc.tables[at]) : undefined
    if (block) items.push({ page: inner.prov[0]?.page_no ?? items.at(-1)?.page ?? 0, block })
    walk(doc, inner, depth + 1, items)
  }
}

function textBlock(item: z.infer<typeof Text> | undefined): Block | undefined {
  const text = item?.text.trim() ?? ''
  if (!item || text === '' || item.label === 'page_header' || item.label === 'page_footer') return undefined
  if (item.label === 'title') return headingBlock(1, text)
  if (item.label === 'section_header')
    return headingBlock(Math.min(Math.max(1, item.level ?? 1) + 1, 6), text)
  if (item.label === 'code') return { level: 0, text, markdown: `\`\`\`\n${text}\n\`\`\`` }
  if (item.label !== 'list_item') return { level: 0, text, markdown: text }
  const mark = item.enumerated && item.marker ? item.marker : '-'
  return { level: 0, text: `${mark === '-' ? '•' : mark} ${text}`, markdown: `${mark} ${text}`, isItem: true }
}

function gridBlock(item: z.infer<typeof Table> | undefined): Block | undefined {
  const grid = item?.data.grid ?? []
  const isHeaded = grid[0]?.some((cell) => cell.column_header) ?? false
  const table = tableOfRows(
    grid.map((row) => row.map(({ text }) => text)),
    isHeaded,
  )
  return table ? tableBlock(table) : undefined
}
