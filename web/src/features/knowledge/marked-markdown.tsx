import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { loadMarkdown, Markdown } from '../city/markdown.tsx'
import { rangeOf } from './range-of.ts'

const NAME = 'cited'

/** A page with its headings, lists and tables, the cited passage marked and brought into view. */
export function MarkedMarkdown({ text, quote }: { text: string; quote: string }) {
  const { t } = useTranslation()
  const root = useRef<HTMLDivElement>(null)
  const [isMissing, setMissing] = useState(false)
  useEffect(() => {
    let over = false
    const mark = () => {
      if (over || !root.current || quote === '' || text === '') return
      const range = rangeOf(root.current, quote)
      setMissing(range === null)
      if (!range) return
      // Where a browser cannot mark what it shows, the passage is at least in view.
      if ('highlights' in CSS) CSS.highlights.set(NAME, new Highlight(range))
      range.startContainer.parentElement?.scrollIntoView({ block: 'center' })
    }
    // The parser may still be on its way: what it makes of the words is marked anew.
    void loadMarkdown().then(() => requestAnimationFrame(mark))
    return () => {
      over = true
      if ('highlights' in CSS) CSS.highlights.delete(NAME)
    }
  }, [text, quote])
  return (
    <>
      <div className="text marked" ref={root}>
        <Markdown text={text} />
      </div>
      {isMissing && <p className="meta">{t('city.quoteMissing')}</p>}
    </>
  )
}
