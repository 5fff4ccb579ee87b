import { useMutation } from '@tanstack/react-query'
import type { LucideIcon } from 'lucide-react'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../../context.tsx'
import { failureOf, sentenceOf } from '../../../i18n/failures.ts'
import { useLanguage } from '../../../i18n/format.ts'
import { Button } from '../../../ui/button.tsx'
import { FieldError } from '../../../ui/field.tsx'
import { Icon } from '../../../ui/icon.tsx'
import { useCity } from '../city-context.tsx'
import { useTalk } from '../talk-context.tsx'
import type { PartViewProps } from './part.ts'

interface ReadCorrectionProps extends PartViewProps {
  icon: LucideIcon
  /** What the text is: a transcript in its language, words read from a photo. */
  label: string
  text: string
  /** Said instead of the text where there is none. */
  none: ReactNode
}

const LONG = 700

/** What was heard or read, correctable in place by who sent it. */
export function ReadCorrection({ icon, label, text, none, ...props }: ReadCorrectionProps) {
  const { t } = useTranslation()
  const { me } = useCity()
  const [editing, setEditing] = useState(false)
  const opener = useRef<HTMLButtonElement>(null)
  const mine = props.message.author.id === me.id
  const close = () => {
    setEditing(false)
    requestAnimationFrame(() => opener.current?.focus())
  }
  return (
    <div className="read">
      <div className="lbl">
        <Icon of={icon} size="xs" />
        <span className="grow">
          {label}
          {props.part.corrected && ` · ${t('city.corrected')}`}
        </span>
        {mine && !editing && (
          <button ref={opener} type="button" onClick={() => setEditing(true)}>
            {t('city.correct')}
          </button>
        )}
      </div>
      {editing ? (
        <Editor {...props} text={text} onClose={close} />
      ) : text === '' ? (
        <p className="state">{none}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: long text scrolls, so the keyboard must reach it
        <p
          className={text.length > LONG ? 'text long' : 'text'}
          tabIndex={text.length > LONG ? 0 : undefined}
        >
          {text}
        </p>
      )}
    </div>
  )
}

function Editor({ message, index, text, onClose }: PartViewProps & { text: string; onClose: () => void }) {
  const { t } = useTranslation()
  const api = useApi()
  const language = useLanguage()
  const talk = useTalk()
  const area = useRef<HTMLTextAreaElement>(null)
  const [words, setWords] = useState(text)
  useEffect(() => area.current?.focus(), [])
  const save = useMutation({
    mutationFn: () => api.city.correct({ room: message.room, message: message.id, index, text: words }),
    onSuccess: (changed) => {
      talk.put(changed)
      onClose()
    },
  })
  return (
    <>
      <textarea
        ref={area}
        aria-label={t('city.correctionLabel')}
        value={words}
        onChange={(event) => setWords(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return
          event.stopPropagation()
          onClose()
        }}
      />
      <FieldError error={save.error ? sentenceOf(failureOf(save.error), language) : undefined} />
      <div className="row">
        <Button
          small
          look="primary"
          disabled={save.isPending || words === text}
          onClick={() => save.mutate()}
        >
          {t('common.save')}
        </Button>
        <Button small look="quiet" onClick={onClose}>
          {t('common.cancel')}
        </Button>
      </div>
    </>
  )
}
