import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Play, Upload } from 'lucide-react'
import { useEffect, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError, LabelledField, LabelledSelect } from '../../ui/field.tsx'
import { CopyLine } from '../../ui/key-once.tsx'
import { AnswerView } from './answer-view.tsx'
import { ABOUT, type Asked, canAsk, DOORS, type Door, knock, programs } from './doors.ts'
import { JOBS } from './jobs-key.ts'

const NOTHING = { text: '', texts: '', url: '', query: '' }

/** A door to try with something of one's own, and the same as a program does it. */
export function TryDoor() {
  const { t } = useTranslation()
  const format = useFormat()
  const queries = useQueryClient()
  const [door, setDoor] = useState<Door>('transcript')
  const [file, setFile] = useState<File | null>(null)
  const [typed, setTyped] = useState(NOTHING)
  const [wantsJob, setWantsJob] = useState(false)
  const about = ABOUT[door]
  const asked: Asked = { door, file, typed, asJob: wantsJob && about.jobs }
  const leaving = useRef<AbortController>(undefined)
  const run = useMutation({
    mutationFn: (what: Asked) => {
      leaving.current = new AbortController()
      return knock(what, leaving.current.signal)
    },
    onSettled: () => queries.invalidateQueries({ queryKey: JOBS }),
  })
  // Whoever leaves the page waits for nothing any more.
  useEffect(() => () => leaving.current?.abort(), [])
  const sound = run.data?.sound
  useEffect(() => () => (sound ? URL.revokeObjectURL(sound) : undefined), [sound])
  const change = (name: keyof typeof NOTHING) => (value: string) => setTyped({ ...typed, [name]: value })
  return (
    <>
      <form
        className="after spaced"
        onSubmit={(event) => {
          event.preventDefault()
          if (canAsk(asked)) run.mutate(asked)
        }}
      >
        <LabelledSelect
          label={t('multimodal.door')}
          value={door}
          options={DOORS.map((value) => ({ value, label: t(`multimodal.doors.${value}`) }))}
          onChange={(next) => {
            setDoor(next)
            setFile(null)
            run.reset()
          }}
        />
        {about.accept !== undefined && (
          <FileField key={door} accept={about.accept} file={file} onChoose={setFile} />
        )}
        {about.types?.map((name) =>
          name === 'url' || name === 'query' ? (
            <LabelledField
              key={name}
              label={t(`multimodal.${name}`)}
              value={typed[name]}
              type={name === 'url' ? 'url' : 'text'}
              onChange={({ target }) => change(name)(target.value)}
            />
          ) : (
            <TextField
              key={name}
              label={t(`multimodal.${name}`)}
              value={typed[name]}
              onChange={change(name)}
            />
          ),
        )}
        {about.jobs && (
          <label className="row">
            <input
              type="checkbox"
              checked={wantsJob}
              onChange={({ currentTarget }) => setWantsJob(currentTarget.checked)}
            />
            <span>{t('multimodal.asJob')}</span>
          </label>
        )}
        <div className="row wrap">
          <Button look="primary" icon={Play} type="submit" disabled={run.isPending || !canAsk(asked)}>
            {t('multimodal.run')}
          </Button>
          {run.isPending && <Elapsed since={run.submittedAt} />}
        </div>
        <FieldError error={run.error ? sentenceOf(failureOf(run.error), format.language) : undefined} />
      </form>
      {run.data && <AnswerView told={run.data} />}
      <Programs asked={asked} />
    </>
  )
}

function FileField({
  accept,
  file,
  onChoose,
}: {
  accept: string
  file: File | null
  onChoose: (file: File) => void
}) {
  const { t } = useTranslation()
  const format = useFormat()
  const chooser = useRef<HTMLInputElement>(null)
  return (
    <div className="row wrap">
      <input
        ref={chooser}
        type="file"
        hidden
        accept={accept}
        aria-label={t('multimodal.chooseFile')}
        onChange={({ currentTarget }) => {
          const [chosen] = currentTarget.files ?? []
          if (chosen) onChoose(chosen)
        }}
      />
      <Button icon={Upload} onClick={() => chooser.current?.click()}>
        {t('multimodal.chooseFile')}
      </Button>
      <span className="meta">
        {file ? `${file.name}, ${format.bytes(file.size)}` : t('multimodal.noFile')}
      </span>
    </div>
  )
}

function TextField({
  label,
  value,
  onChange,
}: {
  label: string
  value: string
  onChange: (value: string) => void
}) {
  const id = useId()
  return (
    <div className="lf">
      <label htmlFor={id}>{label}</label>
      <textarea
        id={id}
        className="field"
        rows={4}
        value={value}
        onChange={({ target }) => onChange(target.value)}
      />
    </div>
  )
}

const TICK_MS = 500

function Elapsed({ since }: { since: number }) {
  const { t } = useTranslation()
  const format = useFormat()
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS)
    return () => clearInterval(timer)
  }, [])
  return (
    <span className="meta">
      {t('multimodal.running', { time: format.seconds(Math.max(0, now - since)) })}
    </span>
  )
}

function Programs({ asked }: { asked: Asked }) {
  const { t } = useTranslation()
  const words = t('auth.copyWords', { returnObjects: true })
  const { client, curl } = programs(asked, location.origin)
  return (
    <details className="after programs">
      <summary>{t('multimodal.code')}</summary>
      <p className="meta">{t('multimodal.keyHint')}</p>
      <h4>{t('multimodal.curl')}</h4>
      <CopyLine key={curl} text={curl} words={words} />
      <h4>{t('multimodal.client')}</h4>
      <CopyLine key={client} text={client} words={words} />
    </details>
  )
}
