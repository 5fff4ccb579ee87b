import { Check, Copy, type LucideIcon } from 'lucide-react'
import { useRef, useState } from 'react'
import { Button } from './button.tsx'
import { Icon } from './icon.tsx'

interface CopyProps {
  /** What is copied. */
  text: string
  words: { copy: string; copied: string; selected: string }
}

/** Something to take along: shown whole, with a button that copies it. Where the browser lets no page copy, it is selected instead. */
export function CopyLine({ text, words }: CopyProps) {
  const shown = useRef<HTMLElement>(null)
  const [state, setState] = useState<'copy' | 'copied' | 'selected'>('copy')
  const take = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setState('copied')
    } catch {
      if (shown.current) getSelection()?.selectAllChildren(shown.current)
      setState('selected')
    }
  }
  return (
    <div className="code copy">
      <code className="grow" ref={shown}>
        {text}
      </code>
      <Button small icon={state === 'copied' ? Check : Copy} onClick={() => void take()}>
        <span aria-live="polite">{words[state]}</span>
      </Button>
    </div>
  )
}

interface KeyOnceProps extends CopyProps {
  icon: LucideIcon
  title: string
  about: string
  done: string
  lost: string
  onDone: () => void
}

/** A secret that is shown this once. */
export function KeyOnce({ icon, title, about, text, words, done, lost, onDone }: KeyOnceProps) {
  return (
    <section className="card once" aria-label={title}>
      <div className="card-h">
        <Icon of={icon} />
        <div className="grow">
          <h3>{title}</h3>
          <p className="meta">{about}</p>
        </div>
      </div>
      <div className="card-b">
        <CopyLine text={text} words={words} />
      </div>
      <div className="card-f">
        <Button small look="primary" onClick={onDone}>
          {done}
        </Button>
        <span className="meta">{lost}</span>
      </div>
    </section>
  )
}
