import './pdf-sheet.css'
import type { PDFDocumentProxy } from 'pdfjs-dist'
import workerUrl from 'pdfjs-dist/build/pdf.worker.min.mjs?url'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { rangeOf } from './range-of.ts'

const NAME = 'cited'

interface PdfSheetProps {
  /** Where its bytes are. */
  url: string
  number: number
  quote: string
}

/** A page of a PDF as it was printed, the cited passage marked and in view; its words can be selected and read aloud. */
export function PdfSheet({ url, number, quote }: PdfSheetProps) {
  const { t } = useTranslation()
  const language = useLanguage()
  const place = useRef<HTMLDivElement>(null)
  const [pdf, setPdf] = useState<PDFDocumentProxy | null>(null)
  const [failure, setFailure] = useState<unknown>(null)
  const [isMissing, setMissing] = useState(false)
  useEffect(() => {
    let over = false
    let close = () => {}
    const open = async () => {
      const { getDocument, GlobalWorkerOptions } = await import('pdfjs-dist')
      GlobalWorkerOptions.workerSrc = workerUrl
      const task = getDocument({ url, isEvalSupported: false, useWasm: false })
      close = () => void task.destroy()
      if (over) return close()
      const opened = await task.promise
      if (!over) setPdf(opened)
    }
    open().catch((cause: unknown) => {
      if (!over) setFailure(cause)
    })
    return () => {
      over = true
      close()
    }
  }, [url])
  useEffect(() => {
    const root = place.current
    if (!pdf || !root) return
    let over = false
    const draw = async () => {
      const { TextLayer } = await import('pdfjs-dist')
      const page = await pdf.getPage(number)
      const scale = root.clientWidth / page.getViewport({ scale: 1 }).width
      const viewport = page.getViewport({ scale })
      const canvas = document.createElement('canvas')
      const sharpness = Math.min(2, window.devicePixelRatio)
      canvas.width = Math.floor(viewport.width * sharpness)
      canvas.height = Math.floor(viewport.height * sharpness)
      canvas.setAttribute('aria-hidden', 'true')
      const words = document.createElement('div')
      words.className = 'textLayer'
      if (over) return
      root.style.setProperty('--total-scale-factor', String(scale))
      root.replaceChildren(canvas, words)
      const layer = new TextLayer({
        textContentSource: await page.getTextContent(),
        container: words,
        viewport,
      })
      await Promise.all([
        page.render({ canvas, viewport, transform: [sharpness, 0, 0, sharpness, 0, 0] }).promise,
        layer.render(),
      ])
      if (over || quote === '') return
      const range = rangeOf(words, quote)
      setMissing(range === null)
      if (!range) return
      if ('highlights' in CSS) CSS.highlights.set(NAME, new Highlight(range))
      range.startContainer.parentElement?.scrollIntoView({ block: 'center' })
    }
    draw().catch((cause: unknown) => {
      if (!over) setFailure(cause)
    })
    return () => {
      over = true
      if ('highlights' in CSS) CSS.highlights.delete(NAME)
    }
  }, [pdf, number, quote])
  if (failure) return <p className="fail p-4">{sentenceOf(failureOf(failure), language)}</p>
  return (
    <>
      {isMissing && <p className="meta">{t('city.quoteMissing')}</p>}
      <div className="sheet pdf" ref={place} aria-busy={pdf === null} />
    </>
  )
}
