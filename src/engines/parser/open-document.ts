import { fileTypeFromBuffer } from 'file-type'
import { engineError } from '../engine.errors.ts'
import { DOCX, EML, EPUB, MBOX, ODP, ODS, ODT, PPTX, RTF, refusal, XLSX, ZIP } from '../media/accepted.ts'
import { IMAGES } from '../media/image-types.ts'
import { openArchive } from './archive.ts'
import { documentKind, type KnownDocument } from './document-kind.ts'
import { loadPdf } from './load-pdf.ts'
import { drafts, type OpenDocument, type OpenOptions } from './opened.ts'
import { blocksOf, cutPages, type Draft } from './sections.ts'

interface Named {
  readonly mime: string
  readonly name: string
}

/** Opens whatever document this is. Throws as `Parser.parse` rejects. */
export async function openDocument(
  bytes: Uint8Array,
  file: Named,
  options: OpenOptions,
): Promise<OpenDocument> {
  const kind = await documentKind(bytes, file)
  if (kind) return await openKnown(kind, bytes, file, options)
  const type = await fileTypeFromBuffer(bytes)
  if (type && IMAGES.has(type.mime)) return await openScan(bytes, options)
  throw refusal(type?.mime, file)
}

async function openKnown(
  kind: KnownDocument,
  bytes: Uint8Array,
  file: Named,
  options: OpenOptions,
): Promise<OpenDocument> {
  const { maxPages, tray } = options
  switch (kind.mime) {
    case 'application/pdf':
      return await openPaged(bytes, options)
    case DOCX:
      return await openDocx(bytes, options)
    case PPTX:
      return drafts((await import('./slides.ts')).readPptx(openArchive(bytes), tray), options, 'slides')
    case XLSX:
      return drafts(
        (await import('./xlsx.ts')).readXlsx(openArchive(bytes), maxPages, tray),
        options,
        'sheets',
      )
    case ODT:
      return drafts(
        cutPages((await import('./odt.ts')).readOdt(openArchive(bytes), tray)),
        options,
        'opendocument',
      )
    case ODS:
      return drafts((await import('./ods.ts')).readOds(openArchive(bytes), maxPages), options, 'opendocument')
    case ODP:
      return drafts((await import('./slides.ts')).readOdp(openArchive(bytes), tray), options, 'opendocument')
    case EPUB: {
      const { pages, title } = (await import('./epub.ts')).readEpub(openArchive(bytes), tray)
      return drafts(pages, options, 'epub', title)
    }
    case RTF:
      return drafts(cutPages((await import('./rtf.ts')).readRtf(bytes, tray)), options, 'rtf')
    case 'text/html': {
      const { blocks, title } = (await import('./html.ts')).readWebPage(kind.text, tray)
      return drafts(cutPages(blocks), options, 'readability', title)
    }
    case 'text/csv': {
      const name = file.name.replace(/^.*[/\\]/, '').replace(/\.[A-Za-z0-9]{1,8}$/, '')
      return drafts((await import('./csv.ts')).readCsv(kind.text, name, maxPages), options, 'text')
    }
    case EML:
    case MBOX:
    case ZIP:
      return await (await import('./containers.ts')).openContainer(kind.mime, bytes, options, openDocument)
    case 'text/markdown':
    case 'text/plain':
      return drafts(
        cutPages(blocksOf(kind.text, kind.mime === 'text/plain' ? 'plain' : 'markdown')),
        options,
        'text',
      )
  }
}

async function openDocx(bytes: Uint8Array, options: OpenOptions): Promise<OpenDocument> {
  const { blocks, scans } = await (await import('./docx.ts')).readDocx(bytes, options.tray)
  const pages =
    scans.length > 0 ? scans.map((image): Draft => ({ state: 'scan', text: '', image })) : cutPages(blocks)
  return drafts(pages, options, 'mammoth')
}

async function openPaged(
  bytes: Uint8Array,
  { maxPages, password, tray }: OpenOptions,
): Promise<OpenDocument> {
  const { openPdf } = await loadPdf()
  const pdf = await openPdf(bytes, maxPages, password)
  return {
    engine: 'local/pdfjs',
    total: pdf.pages,
    isCostly: true,
    page: async (number) => await pdf.page(number, tray),
    about: async () => ({ title: await pdf.title(), outline: await pdf.outline() }),
    close: pdf.close,
  }
}

async function openScan(bytes: Uint8Array, { maxPages }: OpenOptions): Promise<OpenDocument> {
  const { openImage } = await import('./image-scan.ts')
  const { page, pages } = await openImage(bytes)
  if (pages > maxPages) throw engineError('file.too_many_pages', { pages, limit: maxPages })
  return {
    engine: 'local/sharp',
    total: pages,
    isCostly: true,
    page: async (number) => {
      try {
        return { state: 'scan', text: '', image: await page(number) }
      } catch {
        return { state: 'failed', text: '', error: 'file.unreadable' }
      }
    },
    about: async () => ({ title: null }),
    close: async () => {},
  }
}
