import { useMutation } from '@tanstack/react-query'
import { type KeyboardEvent, useLayoutEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { MAX_TEXT, type Message } from '../../../../src/services/city/messages.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError } from '../../ui/field.tsx'
import { useTalk } from '../city/talk-context.tsx'

/** One's own words, to be changed where they stand. */
export function EditMessage({ message }: { message: Message }) {
  const { t } = useTranslation()
  const api = useApi()
  const language = useLanguage()
  const talk = useTalk()
  const area = useRef<HTMLTextAreaElement>(null)
  const [text, setText] = useState(message.text)
  const save = useMutation({
    mutationFn: () => api.city.edit({ message: message.id, text: text.trim() }),
    onSuccess: (changed) => {
      talk.put(changed)
      talk.edit(null)
    },
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the words
  useLayoutEffect(() => {
    const element = area.current
    if (!element) return
    element.style.height = 'auto'
    element.style.height = `${element.scrollHeight + 2}px`
  }, [text])
  useLayoutEffect(() => {
    const element = area.current
    element?.focus()
    element?.setSelectionRange(element.value.length, element.value.length)
  }, [])
  const done = () => (text.trim() === message.text ? talk.edit(null) : save.mutate())
  const keys = (event: KeyboardEvent) => {
    event.stopPropagation()
    if (event.key === 'Escape') {
      event.preventDefault()
      talk.edit(null)
    }
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    done()
  }
  return (
    <div className="editing">
      <textarea
        ref={area}
        value={text}
        maxLength={MAX_TEXT}
        aria-label={t('talk.editing')}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={keys}
      />
      <FieldError error={save.error ? sentenceOf(failureOf(save.error), language) : undefined} />
      <div className="row">
        <Button small look="primary" disabled={save.isPending} onClick={done}>
          {t('talk.saveEdit')}
        </Button>
        <Button small look="quiet" onClick={() => talk.edit(null)}>
          {t('common.cancel')}
        </Button>
        <span className="meta not-phone">{t('talk.editHint')}</span>
      </div>
    </div>
  )
}
