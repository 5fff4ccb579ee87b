// The bare libraries: pdf.js' text of every page, mammoth's HTML, Readability on linkedom's tree. No columns, tables, headings or sections of ours.
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const [kind = 'pdf'] = process.argv.slice(2)

const readers: Record<string, () => Promise<(bytes: Uint8Array) => Promise<string>>> = {
  async pdf() {
    const { getDocument } = await import('pdfjs-dist/legacy/build/pdf.mjs')
    const home = dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'))
    return async (bytes) => {
      const document = await getDocument({
        data: Uint8Array.from(bytes),
        cMapPacked: true,
        cMapUrl: join(home, 'cmaps/'),
        standardFontDataUrl: join(home, 'standard_fonts/'),
        verbosity: 0,
      }).promise
      let text = ''
      for (let number = 1; number <= document.numPages; number++) {
        const { items } = await (await document.getPage(number)).getTextContent()
        for (const item of items) if ('str' in item) text += item.str + (item.hasEOL ? '\n' : '')
      }
      await document.destroy()
      return text
    }
  },
  async docx() {
    const { default: mammoth } = await import('mammoth')
    return async (bytes) => (await mammoth.convertToHtml({ buffer: Buffer.from(bytes) })).value
  },
  async html() {
    const { parseHTML } = await import('linkedom')
    const { Readability } = await import('@mozilla/readability')
    return async (bytes) => {
      const { document } = parseHTML(Buffer.from(bytes).toString('utf8'))
      return (
        new Readability(document as unknown as ConstructorParameters<typeof Readability>[0]).parse()
          ?.textContent ?? ''
      )
    }
  },
}

const read = await readers[kind]?.()
process.on('disconnect', () => process.exit())
process.on('message', (bytes: Uint8Array) => {
  void read?.(bytes).then((text) => process.send?.({ text }))
})
process.send?.({ text: 'ready' })
