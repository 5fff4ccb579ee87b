import { useMutation, useQueryClient } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { NewPoll } from '../../../../src/services/city/messages.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat, useLanguage } from '../../i18n/format.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { LabelledField } from '../../ui/field.tsx'
import { useToast } from '../../ui/toast.tsx'

interface PollDialogProps {
  onSend: (poll: NewPoll) => void
  onClose: () => void
}

const MOST = 12

/** A poll to be asked: a question and what may be chosen. */
export function PollDialog({ onSend, onClose }: PollDialogProps) {
  const { t } = useTranslation()
  const [question, setQuestion] = useState('')
  const [options, setOptions] = useState(['', ''])
  const [multiple, setMultiple] = useState(false)
  const [anonymous, setAnonymous] = useState(false)
  const chosen = [...new Set(options.map((option) => option.trim()).filter(Boolean))]
  const ready = question.trim() !== '' && chosen.length >= 2
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!ready) return
    onSend({ question: question.trim(), options: chosen, multiple, anonymous })
    onClose()
  }
  return (
    <Dialog title={t('talk.pollNew')} open onClose={onClose}>
      <form className="grid gap-3" onSubmit={submit}>
        <LabelledField
          label={t('talk.pollQuestion')}
          value={question}
          maxLength={300}
          required
          onChange={(event) => setQuestion(event.target.value)}
        />
        {options.map((option, i) => (
          <LabelledField
            // biome-ignore lint/suspicious/noArrayIndexKey: an option is its place
            key={i}
            label={t('talk.pollOption', { n: i + 1 })}
            value={option}
            maxLength={200}
            onChange={(event) => setOptions(options.with(i, event.target.value))}
            after={
              options.length > 2 && (
                <IconButton
                  icon={X}
                  size="s"
                  label={t('talk.pollDrop', { n: i + 1 })}
                  onClick={() => setOptions(options.toSpliced(i, 1))}
                />
              )
            }
          />
        ))}
        {options.length < MOST && (
          <Button small look="quiet" onClick={() => setOptions([...options, ''])}>
            {t('talk.pollAdd')}
          </Button>
        )}
        <Check label={t('talk.pollMultiple')} checked={multiple} onChange={setMultiple} />
        <Check label={t('talk.pollAnonymous')} checked={anonymous} onChange={setAnonymous} />
        <div className="row dlg-foot">
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button type="submit" look="primary" disabled={!ready}>
            {t('talk.pollSend')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

interface CheckProps {
  label: string
  checked: boolean
  onChange: (checked: boolean) => void
}

function Check({ label, checked, onChange }: CheckProps) {
  return (
    <label className="row check">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      {label}
    </label>
  )
}

interface ScheduleDialogProps {
  room: string
  thread: string | null
  replyTo: string | null
  text: string
  onDone: () => void
  onClose: () => void
}

const HOUR_MS = 3_600_000

/** When to say what was written. The time is the reader's own. */
export function ScheduleDialog({ room, thread, replyTo, text, onDone, onClose }: ScheduleDialogProps) {
  const { t } = useTranslation()
  const api = useApi()
  const say = useToast()
  const format = useFormat()
  const language = useLanguage()
  const queries = useQueryClient()
  const [when, setWhen] = useState(() => localTime(Date.now() + HOUR_MS))
  const schedule = useMutation({
    mutationFn: () =>
      api.city.schedule({ room, text: text.trim(), replyTo, thread, at: new Date(when).toISOString() }),
    onSuccess: async ({ at }) => {
      say({ text: t('talk.scheduleDone', { time: format.moment(at) }) })
      onDone()
      onClose()
      await queries.invalidateQueries({ queryKey: ['scheduled'] })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!Number.isNaN(Date.parse(when))) schedule.mutate()
  }
  return (
    <Dialog title={t('talk.scheduleTitle')} open onClose={onClose}>
      <form className="grid gap-4" onSubmit={submit}>
        <p className="meta quoted">{text.trim()}</p>
        <LabelledField
          label={t('talk.scheduleWhen')}
          type="datetime-local"
          value={when}
          min={localTime(Date.now())}
          required
          error={schedule.error ? sentenceOf(failureOf(schedule.error), language) : undefined}
          onChange={(event) => setWhen(event.target.value)}
        />
        <div className="row dlg-foot">
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button type="submit" look="primary" disabled={schedule.isPending}>
            {t('talk.scheduleDo')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** A moment as a field of date and time takes it, in the reader's zone, to the minute. */
export function localTime(at: number): string {
  const shifted = new Date(at - new Date(at).getTimezoneOffset() * 60_000)
  return shifted.toISOString().slice(0, 16)
}
