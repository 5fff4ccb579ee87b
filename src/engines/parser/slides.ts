import type { Archive } from './archive.ts'
import { createBlockWriter } from './block-writer.ts'
import { odfText } from './odt.ts'
import type { PictureTray } from './pictures.ts'
import { type Block, type Draft, draftOf } from './sections.ts'
import { readXml } from './xml.ts'

/** Each slide of a PPTX as a page: its title, texts, tables and pictures, then the speaker's notes. Format: ECMA-376 part 1, 19. */
export function readPptx(archive: Archive, tray: PictureTray): readonly Draft[] {
  const main = [...archive.relations('').values()].find(({ type }) => type === 'officeDocument')
  const presentation = main?.target ?? 'ppt/presentation.xml'
  const relations = archive.relations(presentation)
  const slides: string[] = []
  readXml(archive.read(presentation), {
    open: (_, { 'r:id': id }, full) => {
      const slide = full === 'p:sldId' && id !== undefined ? relations.get(id) : undefined
      if (slide && archive.has(slide.target)) slides.push(slide.target)
    },
  })
  return slides.map((part, index) => {
    const own = archive.relations(part)
    const notes = [...own.values()].find(({ type, target }) => type === 'notesSlide' && archive.has(target))
    const picture = (id: string) => {
      const image = own.get(id)
      return image?.type === 'image' && archive.has(image.target) ? image.target : undefined
    }
    const link = (id: string) => own.get(id)?.target
    const said = notes ? readShapes(archive, notes.target, NO_NOTES, tray, {}) : []
    return slidePage(index + 1, readShapes(archive, part, NO_SLIDE, tray, { picture, link }), said)
  })
}

/** Each slide of an ODP as a page. Format: OASIS OpenDocument 1.3 part 3, 10. */
export function readOdp(archive: Archive, tray: PictureTray): readonly Draft[] {
  const reader = odfText(archive, tray)
  const slides: Draft[] = []
  let blocks: readonly Block[] = []
  let isTitle = false
  readXml(archive.read('content.xml'), {
    text: reader.text,
    open: (name, given, full) => {
      if (full === 'draw:page') reader.blocks()
      if (full === 'presentation:notes') blocks = reader.blocks()
      if (full === 'draw:frame') isTitle = given.class === 'title'
      if (full === 'text:p' && isTitle) reader.open('h', { 'outline-level': '2' }, 'text:h')
      else reader.open(name, given, full)
    },
    close: (name, full) => {
      if (full === 'text:p' && isTitle) reader.close('h', 'text:h')
      else reader.close(name, full)
      if (full === 'draw:frame') isTitle = false
      if (full !== 'draw:page') return
      const rest = reader.blocks()
      slides.push(
        blocks.length > 0
          ? slidePage(slides.length + 1, blocks, rest)
          : slidePage(slides.length + 1, rest, []),
      )
      blocks = []
    },
  })
  return slides
}

function slidePage(number: number, blocks: readonly Block[], notes: readonly Block[]): Draft {
  const said = notes.map((note) => ({
    ...note,
    level: 0,
    text: note.text,
    markdown: `> ${note.markdown ?? note.text}`,
  }))
  return draftOf([...blocks, ...said], { kind: 'slide', label: `${number}` })
}

/** What a layout asks for, the date, the number, and the picture of the slide over its notes. */
const NO_SLIDE: ReadonlySet<string> = new Set(['dt', 'ftr', 'sldNum', 'hdr'])
const NO_NOTES: ReadonlySet<string> = new Set([...NO_SLIDE, 'sldImg'])

interface Links {
  picture?(id: string): string | undefined
  link?(id: string): string | undefined
}

function readShapes(
  archive: Archive,
  part: string,
  left: ReadonlySet<string>,
  tray: PictureTray,
  { link, picture }: Links,
): readonly Block[] {
  const out = createBlockWriter()
  let kind = ''
  let alt = ''
  let isText = false
  let linked = false
  readXml(archive.read(part), {
    open: (name, given, full) => {
      if (full === 'p:sp' || full === 'p:pic' || full === 'p:graphicFrame') kind = ''
      else if (full === 'p:ph') kind = given.type ?? 'body'
      else if (full === 'p:cNvPr') alt = given.descr ?? ''
      else if (full === 'a:tbl') out.table()
      else if (full === 'a:tr') out.row()
      else if (full === 'a:tc' && given.hMerge === undefined && given.vMerge === undefined)
        out.cell({ columns: Number(given.gridSpan ?? 1), rows: Number(given.rowSpan ?? 1) })
      else if (full === 'a:p') {
        out.paragraph()
        if ((kind === 'title' || kind === 'ctrTitle') && !out.isInTable) out.heading(2)
      } else if (
        full === 'a:pPr' &&
        !out.isInTable &&
        kind !== 'title' &&
        kind !== 'ctrTitle' &&
        kind !== 'subTitle'
      ) {
        const depth = Number(given.lvl ?? 0)
        if (depth > 0) out.item('-', depth)
      } else if (name === 'buChar' && !out.isInTable && !kind.endsWith('itle')) out.item('-', 0)
      else if (name === 'buAutoNum' && !out.isInTable) out.item('1.', 0)
      else if (full === 'a:br') out.lineEnd()
      else if (full === 'a:hlinkClick' && given['r:id']) {
        const address = link?.(given['r:id'])
        if (address) {
          out.link(address)
          linked = true
        }
      } else if (full === 'a:blip' && given.embed && tray.isOpen) {
        const target = picture?.(given.embed)
        const taken = target === undefined ? null : tray.take(archive.read(target), alt)
        if (taken) out.picture(taken)
      }
      isText = full === 'a:t' && !left.has(kind)
    },
    text: (words) => {
      if (isText) out.words(words)
    },
    close: (_, full) => {
      isText = false
      if (full === 'a:p') out.paragraph()
      else if (full === 'a:r' && linked) {
        out.endLink()
        linked = false
      } else if (full === 'a:tbl') out.endTable()
      else if (full === 'p:sp' || full === 'p:pic') out.paragraph()
    },
  })
  return out.blocks()
}
